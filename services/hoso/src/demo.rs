//! `hoso demo`: a department's half-year, played through the three services and told.
//!
//! * [`plan`]: every dossier's life, drawn so that the figures come out; [`people`]: applicants that nobody can be
//! * [`play`]: the lives through gRPC, on the virtual clock; [`progress`]: how far it is
//! * [`ask`]: reports, explanations, histories; [`check`]: against the plan; [`tell`]: what is said

mod ask;
mod check;
pub(crate) mod people;
mod plan;
mod play;
mod progress;
mod tell;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chassis::{Clock, signals};
use domain::Catalogue;
use jiff::civil::date;
use statistics::published::Published;
use thiserror::Error;
use tonic::Status;

use self::ask::Asker;
use self::plan::{
    AGENCY, BEFORE, FIRST, LAST_DAY, Plan, PlanError, RECORDED_LATE_ON, SECOND_AGENCY,
};
use self::play::{Known, PlayError, Played, Player};
use self::progress::Progress;
use crate::entrance::Entrance;
use crate::roles::FREE_BYTES_MIN;
use crate::stack::{AckKind, FeedKind, FolderKind, Options, Stack, StackError};
use crate::{Failure, client, out, shipped, table};

/// The half-year.
const HALF_YEAR: (jiff::civil::Date, jiff::civil::Date) = (FIRST, LAST_DAY);

/// What was asked.
#[derive(Debug)]
pub(crate) struct DemoOptions {
    /// The folder; a fresh one if not given.
    pub(crate) data: Option<PathBuf>,
    /// End after printing.
    pub(crate) exit: bool,
    /// The report's object alone on standard output.
    pub(crate) json: bool,
    /// The catalogue.
    pub(crate) catalogue: Arc<Catalogue>,
    /// What joins the services.
    pub(crate) feed: FeedKind,
}

/// The demo did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    /// The play cannot be written.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The services did not start or stop.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A call was not granted.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// A question was not answered.
    #[error("{0}")]
    Asked(String),
    /// The report is not what was planned.
    #[error("the report is not what was planned:\n  {}", .0.join("\n  "))]
    Differs(Vec<String>),
    /// Somebody stopped it.
    #[error("stopped by {0}; the same --data goes on where it was")]
    Stopped(&'static str),
    /// The system refused.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// The services' end was not awaited.
    #[error("the services did not end: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

impl From<Status> for DemoError {
    fn from(status: Status) -> Self {
        Self::Asked(client::explain(&status).to_string())
    }
}

impl From<Failure> for DemoError {
    fn from(failure: Failure) -> Self {
        Self::Asked(failure.to_string())
    }
}

/// Starts the services, plays, tells; stays up until a signal unless told to exit.
///
/// # Errors
/// When anything is not as planned; the services are stopped all the same.
pub(crate) async fn run(options: DemoOptions) -> Result<(), DemoError> {
    let signal = signals::stop();
    let plan = Arc::new(Plan::draw(&options.catalogue)?);
    let folder = options.data.clone().unwrap_or_else(fresh_folder);
    let begins = plan
        .lives
        .iter()
        .flat_map(|life| life.steps.first())
        .map(|step| step.at)
        .min();
    let clock = Clock::manual(begins.map_or(jiff::Timestamp::UNIX_EPOCH, |at| at.instant()));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let stack = Stack::start(Options {
        data: folder.clone(),
        kind: FolderKind::Demo,
        catalogue: Arc::clone(&options.catalogue),
        clock: clock.clone(),
        listen: [any; 3],
        http: [None; 3],
        master_key_file: None,
        node: 0,
        segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
        free_bytes_min: FREE_BYTES_MIN,
        small_cells_min: reporting::settings::SMALL_CELLS_MIN,
        feed: options.feed.clone(),
        ack: AckKind::Local,
        clock_confirmed: None,
        entrance: Entrance::default(),
    })?;
    let stage = Stage {
        stack: &stack,
        options: &options,
        plan: &plan,
    };
    let shown = folder.display().to_string();
    let told = tokio::select! {
        told = stage.story(&shown, clock) => told,
        signal = signal => Err(signal.map_or_else(DemoError::from, DemoError::Stopped)),
    };
    if told.is_ok() && !options.exit {
        stay(&stack).await?;
    }
    // On a thread of its own: the services end once our connections have, which this runtime must see to.
    let stopped = tokio::task::spawn_blocking(move || stack.stop()).await?;
    told?;
    Ok(stopped?)
}

/// The first number under `hoso-data/` that no demo has.
fn fresh_folder() -> PathBuf {
    let mut number = 1_u32;
    loop {
        let folder = PathBuf::from(format!("hoso-data/demo-{number}"));
        if !folder.exists() {
            return folder;
        }
        number += 1;
    }
}

async fn stay(stack: &Stack) -> Result<(), DemoError> {
    let ended = async {
        while stack.runs() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        signal = signals::stop() => signal.map(drop).map_err(DemoError::from),
        () = ended => Ok(()),
    }
}

/// Where the story is told.
struct Stage<'a> {
    stack: &'a Stack,
    options: &'a DemoOptions,
    plan: &'a Arc<Plan>,
}

impl Stage<'_> {
    /// For people: on standard output, unless that is for a program.
    fn say(&self, text: &str) {
        if self.options.json {
            out::say(text.trim_end());
        } else {
            out::print(text.trim_end());
        }
    }

    async fn story(&self, folder: &str, clock: Clock) -> Result<(), DemoError> {
        self.say(&tell::opening(folder));
        let processing = client::connect(&self.stack.processing.grpc.to_string()).await?;
        let reporting = client::connect(&self.stack.reporting.grpc.to_string()).await?;
        let intake = client::connect(&self.stack.intake.grpc.to_string()).await?;
        let asker = Asker::new(processing.clone(), reporting);
        let before = asker.head().await?;
        let catalogue = Arc::clone(&self.options.catalogue);
        let player = Player::new(Arc::clone(self.plan), catalogue, clock, intake, processing);
        let mut progress = Progress::new(self.plan.calls());
        let played = player.play(&mut progress).await;
        progress.finish();
        let played = played?;
        let after = asker.head().await?;
        self.figures(&asker, &after.token).await?;
        let known = |number| played.known.get(&number).cloned().unwrap_or_default();
        let (told, late) = (known(self.plan.told), known(self.plan.late));
        self.one_life(&asker, &told).await?;
        self.as_of_march(&asker).await?;
        self.late(&asker, &late).await?;
        self.ending(&played, after.position - before.position, &told, &late);
        Ok(())
    }

    /// The report, checked against the plan, beside what the article printed.
    async fn figures(&self, asker: &Asker, after: &str) -> Result<(), DemoError> {
        let report = asker.report(AGENCY, HALF_YEAR, None, after).await?;
        let before = asker.report(AGENCY, BEFORE, None, after).await?;
        let planned = self.plan.expected(AGENCY, FIRST, LAST_DAY);
        let earlier = self.plan.expected(AGENCY, BEFORE.0, BEFORE.1);
        let mut differences = check::form("15/12/2022–14/6/2023", &report, &planned);
        differences.extend(check::memo("15/12/2022–14/6/2023", &report, &planned));
        differences.extend(check::form("15/6–14/12/2022", &before, &earlier));
        if self.options.json {
            out::print(&report.json);
        }
        self.say(&tell::heading(
            "Báo cáo sáu tháng",
            "the half-year's report",
        ));
        self.say(&table::report(&report));
        if !differences.is_empty() {
            return Err(DemoError::Differs(differences));
        }
        self.say(&tell::as_planned(&report, &before));

        self.say(&tell::heading(
            "Bên cạnh số đã công bố",
            "beside the published figures",
        ));
        match Published::parse(shipped::PUBLISHED) {
            Ok(published) => self.say(&tell::beside(&report, &published)),
            Err(faults) => {
                return Err(DemoError::Asked(format!(
                    "the published figures: {faults:?}"
                )));
            }
        }
        self.say(&tell::findings(&asker.check(shipped::PUBLISHED).await?));
        self.say(&tell::assumption(&report));
        Ok(())
    }

    /// One dossier as people know it.
    async fn one_life(&self, asker: &Asker, told: &Known) -> Result<(), DemoError> {
        self.say(&tell::heading("Một hồ sơ", "one dossier"));
        if let Some(receipt) = &told.receipt {
            self.say(&table::receipt(receipt));
        }
        self.say(&tell::heading(
            "Vì sao hẹn ngày ấy, qua Tết Quý Mão",
            "why it is due then, across Tết 2023",
        ));
        self.say(&table::explanation(&asker.explain(&told.code).await?));
        self.say(&tell::heading("Quá trình giải quyết", "its history"));
        self.say(&table::history(&asker.history(&told.code).await?));
        Ok(())
    }

    /// The report as it was known in March, which it still says when asked as of then.
    async fn as_of_march(&self, asker: &Asker) -> Result<(), DemoError> {
        self.say(&tell::heading(
            "Cũng báo cáo ấy, như biết ngày 15/3/2023",
            "the same report as known on 15/3/2023",
        ));
        let march = asker
            .report(AGENCY, HALF_YEAR, Some(date(2023, 3, 15)), "")
            .await?;
        let now = asker.report(AGENCY, HALF_YEAR, None, "").await?;
        self.say(&tell::then_and_now(&march, &now));
        Ok(())
    }

    /// What a late hand-over moves in a period already reported.
    async fn late(&self, asker: &Asker, late: &Known) -> Result<(), DemoError> {
        self.say(&tell::heading(
            "Một biên bản giao nhận ghi muộn, ở cơ quan thứ hai (Sở Thông tin và Truyền thông)",
            "a late hand-over, in a second agency",
        ));
        let on_15 = asker
            .report(SECOND_AGENCY, HALF_YEAR, Some(date(2023, 6, 15)), "")
            .await?;
        let on_16 = asker
            .report(SECOND_AGENCY, HALF_YEAR, Some(RECORDED_LATE_ON), "")
            .await?;
        self.say(&tell::late(&on_15, &on_16, &late.code));
        self.say(&table::history(&asker.history(&late.code).await?));
        let planned = self.plan.expected(SECOND_AGENCY, FIRST, LAST_DAY);
        let differences = check::form(SECOND_AGENCY, &on_16, &planned);
        if differences.is_empty() {
            Ok(())
        } else {
            Err(DemoError::Differs(differences))
        }
    }

    fn ending(&self, played: &Played, events: u64, told: &Known, late: &Known) {
        self.say(&tell::heading("Tốc độ", "speed"));
        self.say(&tell::speed(played.calls, events, played.took));
        self.say(&tell::heading("Đang nghe ở", "listening at"));
        let program = std::env::args().next().unwrap_or_else(|| "hoso".to_owned());
        self.say(&tell::next(
            self.stack,
            &program,
            &told.code,
            &late.code,
            !self.options.exit,
        ));
    }
}
