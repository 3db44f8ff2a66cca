//! A province: intake nodes, processing and reporting as processes, clerks at work, and the check after every fault.

use std::collections::{BTreeMap, BTreeSet};

use api::hoso::dossier::v1::Channel;
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{GetReportRequest, GetReportResponse, Grouping, ReportQuestion};
use jiff::ToSpan as _;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::clerk::{Clerk, until_answered};
use crate::office::connection;
use crate::process::{Role, Special};
use crate::record::{Figures, Kinds, Known, Record, figures};

pub(crate) struct Province {
    pub(crate) intakes: Vec<Role>,
    pub(crate) processing: Role,
    pub(crate) reporting: Role,
    pub(crate) record: Record,
    pub(crate) chance: Chance,
    clerks: Vec<JoinHandle<()>>,
    closing: watch::Sender<bool>,
    folder: TempDir,
}

impl Province {
    /// With so many intake nodes; `nats` says over which address each role speaks.
    pub(crate) fn open(nodes: u8, nats: impl Fn(&str) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open_in(folder, nodes, nats, |_| Special::default())
    }

    pub(crate) fn open_in(
        folder: TempDir,
        nodes: u8,
        nats: impl Fn(&str) -> String,
        special: impl Fn(&str) -> Special,
    ) -> Self {
        let chance = Chance::new();
        let start = |role: &'static str, node| {
            Role::start_with(role, node, folder.path(), &nats(role), special(role))
        };
        Self {
            intakes: (1..=nodes).map(|node| start("intake", node)).collect(),
            processing: start("processing", 0),
            reporting: start("reporting", 0),
            record: Record::default(),
            chance,
            clerks: Vec::new(),
            closing: watch::Sender::new(false),
            folder,
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A clerk who knows these services.
    pub(crate) fn clerk(&mut self, node: usize) -> Clerk {
        Clerk::new(
            &self.intakes[node].address,
            &self.processing.address,
            self.record.clone(),
            self.chance.fork(),
        )
    }

    /// So many clerks begin to work, each at one of the intake nodes.
    pub(crate) fn work(&mut self, clerks: usize) {
        self.closing = watch::Sender::new(false);
        for clerk in 0..clerks {
            let clerk = self.clerk(clerk % self.intakes.len());
            self.clerks
                .push(tokio::spawn(clerk.work(self.closing.subscribe())));
        }
    }

    /// The office closes: what is under way is brought to its end.
    pub(crate) async fn close(&mut self) {
        self.closing.send_replace(true);
        for clerk in self.clerks.drain(..) {
            clerk.await.unwrap();
        }
    }

    /// Every role, intake nodes first.
    pub(crate) fn roles(&mut self) -> Vec<&mut Role> {
        let others = [&mut self.processing, &mut self.reporting];
        self.intakes.iter_mut().chain(others).collect()
    }

    /// The check after every fault. The office closes; every acknowledged write must be in each log exactly once, all chains
    /// whole, the identities true, and form II.06a what follows from the clerks' own record. All roles are killed for it.
    pub(crate) async fn reconcile(&mut self) {
        self.close().await;
        let unsaid = self.record.unsaid();
        assert!(
            unsaid.is_empty(),
            "a refusal that does not say when to come back: {unsaid:?}"
        );
        println!("{} dossiers came through", self.record.len());
        self.the_form_is_right(Grouping::Field, |known| known.field)
            .await;
        self.the_form_is_right(Grouping::Channel, |known| match known.channel {
            Channel::Direct => "direct",
            Channel::Online => "online",
            Channel::Postal => "postal",
            Channel::Unspecified => unreachable!("every dossier has a channel"),
        })
        .await;
        for role in self.roles() {
            role.kill();
            role.verify();
        }
        let intakes: Vec<_> = self.intakes.iter().map(Role::dump).collect();
        let (processing, reporting) = (self.processing.dump(), self.reporting.dump());
        assert_eq!(
            processing, reporting,
            "reporting's log is not processing's, record for record"
        );
        the_logs_are_right(&self.record.all(), &intakes, &processing);
    }

    async fn the_form_is_right<'a>(&self, grouping: Grouping, key: impl Fn(&Known) -> &'a str) {
        let report = self.report(grouping).await;
        let failed: Vec<_> = report.checks.iter().filter(|check| !check.holds).collect();
        assert!(failed.is_empty(), "{failed:?}");
        let counted: BTreeMap<String, Figures> = report
            .rows
            .iter()
            .map(|row| (row.key.clone(), figures(row)))
            .collect();
        assert_eq!(counted, self.record.rows(key));
    }

    /// The report of a period around today, once reporting has every acknowledged write.
    pub(crate) async fn report(&self, grouping: Grouping) -> GetReportResponse {
        let reporting = ReportingServiceClient::new(connection(&self.reporting.address));
        let today = domain::local::date(chassis::Clock::system().now());
        let request = GetReportRequest {
            question: Some(ReportQuestion {
                from: today.saturating_sub(60.days()).to_string(),
                to: today.saturating_add(2.days()).to_string(),
                grouping: grouping.into(),
                ..ReportQuestion::default()
            }),
            min_position: self.record.newest(),
            small_cells_min: 0,
        };
        // A report is no write: what keeps it waiting is nobody's fault.
        until_answered(&Record::default(), "the report", || {
            let (mut to, request) = (reporting.clone(), request.clone());
            async move { to.get_report(request).await }
        })
        .await
    }
}

/// Holds the logs against what was acknowledged.
pub(crate) fn the_logs_are_right(
    acknowledged: &[Known],
    intakes: &[Vec<serde_json::Value>],
    processing: &[serde_json::Value],
) {
    let codes: BTreeSet<_> = acknowledged
        .iter()
        .map(|known| &known.code)
        .filter(|code| !code.is_empty())
        .collect();
    let accepted = acknowledged.iter().filter(|known| !known.code.is_empty());
    assert_eq!(codes.len(), accepted.count(), "a code was issued twice");
    let homes: Vec<_> = intakes.iter().map(|dump| kinds(dump)).collect();
    let whole = kinds(processing);
    for known in acknowledged {
        let born: Vec<_> = homes.iter().filter_map(|log| log.get(&known.id)).collect();
        assert_eq!(born.len(), 1, "{known:?} is at home in one intake log");
        assert_eq!(*born[0], owned(&known.at_intake), "at intake: {known:?}");
        let mut all = known.at_intake.clone();
        for (kind, count) in &known.at_processing {
            *all.entry(kind).or_default() += count;
        }
        assert_eq!(whole[&known.id], owned(&all), "at processing: {known:?}");
    }
    // And nothing that nobody was told of: every request was repeated until it was answered.
    assert_eq!(whole.len(), acknowledged.len());
    let born: usize = homes.iter().map(BTreeMap::len).sum();
    assert_eq!(born, acknowledged.len());
}

fn owned(kinds: &Kinds) -> BTreeMap<String, u32> {
    kinds
        .iter()
        .map(|(kind, count)| ((*kind).to_owned(), *count))
        .collect()
}

/// How many of each kind of event each stream of a dump has.
fn kinds(dump: &[serde_json::Value]) -> BTreeMap<String, BTreeMap<String, u32>> {
    let mut streams: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for record in dump {
        let text = |key: &str| record[key].as_str().unwrap().to_owned();
        let stream = streams.entry(text("stream")).or_default();
        *stream.entry(text("kind")).or_default() += 1;
    }
    streams
}

/// The check itself: what it is for, it finds.
mod check {
    use serde_json::{Value, json};

    use super::*;

    fn one() -> (Known, Vec<Value>) {
        let mut known = Known::new("H20-LH", Channel::Direct);
        known.id = "one".to_owned();
        known.code = "H20-1".to_owned();
        known.at_intake.insert("dossier_submitted", 1);
        known.at_intake.insert("dossier_accepted", 1);
        let record = |kind: &str| json!({ "stream": "one", "kind": kind });
        (
            known,
            vec![record("dossier_submitted"), record("dossier_accepted")],
        )
    }

    #[test]
    fn what_is_right_passes() {
        let (known, log) = one();
        the_logs_are_right(&[known], std::slice::from_ref(&log), &log);
    }

    #[test]
    #[should_panic(expected = "at processing")]
    fn a_lost_record_is_found() {
        let (known, log) = one();
        the_logs_are_right(&[known], std::slice::from_ref(&log), &log[..1]);
    }

    #[test]
    #[should_panic(expected = "at intake")]
    fn a_doubled_record_is_found() {
        let (known, log) = one();
        let doubled = [log.clone(), vec![log[1].clone()]].concat();
        the_logs_are_right(&[known], &[doubled], &log);
    }

    #[test]
    #[should_panic(expected = "in one intake log")]
    fn a_dossier_at_home_in_two_nodes_is_found() {
        let (known, log) = one();
        the_logs_are_right(&[known], &[log.clone(), log.clone()], &log);
    }

    #[test]
    #[should_panic(expected = "a code was issued twice")]
    fn a_code_that_was_issued_twice_is_found() {
        let (known, log) = one();
        let mut other = known.clone();
        other.id = "two".to_owned();
        the_logs_are_right(&[known, other], std::slice::from_ref(&log), &log);
    }
}
