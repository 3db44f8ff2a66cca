//! How long lists take over a folder that is full: of one agency, of one officer, of what is finished, by a part of a code.

use std::time::{Duration, Instant};

use api::hoso::dossier::v1::{self as dossier, Phase};
use api::hoso::intake::v1::ListSubmissionsRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::ListDossiersRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use serde::Serialize;

use super::args::{Lists, OneRole};
use super::child::{Memory, RoleProcess};
use super::progress::Progress;
use super::tally::{Seen, Tally};
use crate::client::Channel;
use crate::{Failure, client};

/// Rows on a page, as the one-stop software asks for them.
const PAGE: i32 = 50;
/// The agency and the officer of the dossiers that `hoso load fill` makes.
const AGENCY: &str = "000.00.06.H20";
const HOLDER: &str = "cv.07";

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    /// Records in processing's log.
    pub events: u64,
    /// Rows on a page, at most.
    pub page: i32,
    /// One for each list.
    pub lists: Vec<Row>,
    /// Processing's memory afterwards.
    pub memory: Memory,
    /// Intake's memory afterwards.
    pub intake_memory: Memory,
}

/// Of one list.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which.
    pub list: &'static str,
    /// Rows on the pages, on average.
    pub rows: u64,
    /// How long a page took.
    #[serde(flatten)]
    pub seen: Seen,
}

/// Measures.
///
/// # Errors
/// When processing does not start, or refuses.
pub async fn run(asked: Lists) -> Result<Told, Failure> {
    let process = RoleProcess::start(OneRole::Processing, &asked.data, &[]).await?;
    let events = process.head().await?.position;
    let mut office = ProcessingServiceClient::new(client::lasting(&process.address).await?);
    let questions = questions(&mut office).await?;
    let mut progress = Progress::new(questions.len() as u64, "danh sách · lists");
    let mut lists = Vec::new();
    for (list, question) in questions {
        progress.step(list);
        let page = |mut question: ListDossiersRequest| {
            let mut office = office.clone();
            async move {
                let answer = office.list_dossiers(question.clone()).await;
                let answer = answer.map_err(|status| client::explain(&status))?;
                let answer = answer.into_inner();
                question.page_token = answer.next_page_token;
                Ok((answer.dossiers.len(), question))
            }
        };
        lists.push(one(list, question, asked.duration, page).await?);
        progress.done(lists.len() as u64);
    }
    progress.finish();
    let memory = process.memory()?;
    drop(process);
    let intake = RoleProcess::start(OneRole::Intake, &asked.data, &[]).await?;
    lists.extend(waiting(&intake, asked.duration).await?);
    Ok(Told {
        measured: "lists",
        events,
        page: PAGE,
        lists,
        memory,
        intake_memory: intake.memory()?,
    })
}

/// What waits for intake, all of it and narrowed.
async fn waiting(intake: &RoleProcess, duration: Duration) -> Result<Vec<Row>, Failure> {
    let counter = IntakeServiceClient::new(client::lasting(&intake.address).await?);
    let all = ListSubmissionsRequest {
        page_size: PAGE,
        ..ListSubmissionsRequest::default()
    };
    let of_one = ListSubmissionsRequest {
        agency: AGENCY.to_owned(),
        channel: dossier::Channel::Postal.into(),
        ..all.clone()
    };
    let late = ListSubmissionsRequest {
        late_only: true,
        ..all.clone()
    };
    // Every agency but one: what is passed over must cost nothing.
    let none = ListSubmissionsRequest {
        agency: "000.00.99.H20".to_owned(),
        ..all.clone()
    };
    let questions = [
        ("chờ tiếp nhận · all that waits for intake", all),
        ("bưu chính, một cơ quan · by post, of one agency", of_one),
        ("quá hạn trả lời · to be answered by now", late),
        ("cơ quan không có hồ sơ · of an agency without any", none),
    ];
    let mut rows = Vec::new();
    for (list, question) in questions {
        let page = |mut question: ListSubmissionsRequest| {
            let mut counter = counter.clone();
            async move {
                let answer = counter.list_submissions(question.clone()).await;
                let answer = answer.map_err(|status| client::explain(&status))?;
                let answer = answer.into_inner();
                question.page_token = answer.next_page_token;
                Ok((answer.submissions.len(), question))
            }
        };
        rows.push(one(list, question, duration, page).await?);
    }
    Ok(rows)
}

/// The lists that officers live in.
async fn questions(
    office: &mut ProcessingServiceClient<Channel>,
) -> Result<Vec<(&'static str, ListDossiersRequest)>, Failure> {
    let all = ListDossiersRequest {
        page_size: PAGE,
        ..ListDossiersRequest::default()
    };
    let of = |agency: &str, holder: &str, phases: &[Phase]| ListDossiersRequest {
        agency: agency.to_owned(),
        holder: holder.to_owned(),
        phases: phases.iter().map(|phase| (*phase).into()).collect(),
        ..all.clone()
    };
    let finished = [Phase::Returned, Phase::Withdrawn, Phase::Terminated];
    let returned = office
        .list_dossiers(of(AGENCY, "", &finished))
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner()
        .dossiers;
    let some = returned.first().cloned().unwrap_or_default();
    // As typed by somebody who looks for it: without the last digits.
    let typed = some.code.len().saturating_sub(2);
    let prefix = some.code.get(..typed).unwrap_or_default().to_owned();
    Ok(vec![
        ("mọi cơ quan, đang xử lý · all that is pending", all.clone()),
        ("một cơ quan · of one agency", of(AGENCY, "", &[])),
        (
            "một cơ quan, đã trả · returned, of one agency",
            of(AGENCY, "", &finished),
        ),
        (
            "một người giữ, đã trả · returned, of one officer",
            of("", HOLDER, &finished),
        ),
        (
            "đã trả, từ một ngày hẹn · returned, from a due date on",
            ListDossiersRequest {
                due_from: some.due.and_then(|due| due.at),
                ..of(AGENCY, "", &finished)
            },
        ),
        (
            "theo mã · by the beginning of a code",
            ListDossiersRequest {
                code_prefix: prefix,
                ..all
            },
        ),
    ])
}

/// One page after the other, from the first again after the last; `page` says how many rows there were, and what to ask next.
async fn one<Q, F: Future<Output = Result<(usize, Q), Failure>>>(
    list: &'static str,
    mut question: Q,
    duration: Duration,
    page: impl Fn(Q) -> F,
) -> Result<Row, Failure> {
    let mut tally = Tally::default();
    let (mut rows, begun) = (0_u64, Instant::now());
    while begun.elapsed() < duration {
        let asked = Instant::now();
        let (shown, next) = page(question).await?;
        tally.granted(asked.elapsed());
        rows += u64::try_from(shown)?;
        question = next;
    }
    let seen = tally.seen(begun.elapsed());
    Ok(Row {
        list,
        rows: rows.checked_div(seen.calls).unwrap_or_default(),
        seen,
    })
}

/// The figures as a table for people.
pub fn table(told: &Told) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    grid.set_header([
        "Danh sách\nlist",
        "Dòng/trang\nrows a page",
        "p50",
        "p99",
        "Lâu nhất\nmax",
        "Trang/s\npages/s",
    ]);
    let millis = |micros: u64| format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10);
    for row in &told.lists {
        let latency = &row.seen.latency_us;
        grid.add_row([
            row.list.to_owned(),
            row.rows.to_string(),
            millis(latency.p50),
            millis(latency.p99),
            millis(latency.max),
            format!("{:.0}", row.seen.rate),
        ]);
    }
    format!(
        "{grid}\n{} sự kiện · events; bộ nhớ · memory: processing {} MiB, cao nhất · peak {} MiB; intake {} MiB, cao nhất · peak {} MiB",
        told.events,
        told.memory.now_mib,
        told.memory.peak_mib,
        told.intake_memory.now_mib,
        told.intake_memory.peak_mib
    )
}
