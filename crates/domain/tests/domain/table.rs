//! The table of what is possible when, as a text that an official can read.

use domain::Phase;
use domain::command::{Command, Right};
use domain::event::{AuthorisedTo, Channel};

use crate::testing::*;

/// A dossier in each phase, in the order of [`Phase::ALL`], under a law version that lets supplements lapse.
fn one_in_each_phase() -> Vec<Story> {
    let lives: [&[Command]; 14] = [
        &[],
        &[Command::Submit(submit(TEN_DAYS))],
        &[Command::Submit(submit(TEN_DAYS)), ask_intake_supplement()],
        &[Command::Submit(submit(TEN_DAYS)), refuse_intake()],
        &[Command::Submit(submit(TEN_DAYS)), accept()],
        &[Command::Submit(submit(TEN_DAYS)), accept(), assign()],
        &[
            Command::Submit(submit(TEN_DAYS)),
            accept(),
            ask_supplement(),
        ],
        &[Command::Submit(submit(TEN_DAYS)), accept(), ask_fee("TB-1")],
        &[Command::Submit(submit(TEN_DAYS)), accept(), suspend()],
        &[Command::Submit(submit(TEN_DAYS)), accept(), terminate()],
        &[Command::Submit(submit(TEN_DAYS)), accept(), resolve()],
        &[
            Command::Submit(submit(TEN_DAYS)),
            accept(),
            resolve(),
            deliver(),
        ],
        &[Command::Submit(submit(TEN_DAYS)), accept(), withdraw()],
        &[
            Command::Submit(submit(TEN_DAYS)),
            accept(),
            propose_void(),
            void(),
        ],
    ];
    let stories: Vec<Story> = lives
        .iter()
        .map(|life| {
            let mut story = Story::begins("2026-08-03T09:00");
            for wish in *life {
                if *wish == void() {
                    story.actor = "truong-phong";
                }
                story.does(wish.clone());
            }
            story.actor = "can-bo-1";
            story.at("2026-10-05T09:00");
            story
        })
        .collect();
    let phases: Vec<Phase> = stories.iter().map(|story| story.dossier.phase()).collect();
    assert_eq!(phases, Phase::ALL);
    stories
}

fn wishes() -> Vec<(&'static str, Command)> {
    vec![
        ("Submit", Command::Submit(submit(TEN_DAYS))),
        ("RequestIntakeSupplement", ask_intake_supplement()),
        ("ReceiveIntakeSupplement", bring_intake_supplement()),
        ("RefuseIntake", refuse_intake()),
        ("Accept", accept()),
        ("Transfer", transfer(AGENCY)),
        ("AssignTask", assign()),
        ("RequestSupplement", ask_supplement()),
        ("ReceiveSupplement", bring_supplement()),
        ("LapseSupplement", lapse()),
        ("RequestFee", ask_fee("TB-1")),
        ("RecordPayment", pay("TB-1")),
        ("ExtendDeadline", extend("2026-12-01")),
        ("SuspendProcessing", suspend()),
        ("ResumeProcessing", resume()),
        ("TerminateProcessing", terminate()),
        ("Resolve", resolve()),
        ("RefuseAfterExamination", refuse()),
        ("RecordDelivery", deliver()),
        ("Withdraw", withdraw()),
        ("RecomputeDueDate", recompute()),
        ("EraseSubject", ask_to_erase()),
        ("NoteSubjectErased", erase()),
        ("ProposeVoid", propose_void()),
        ("VoidAcceptance", void()),
        (
            "CorrectEvent",
            correct(Right::AcceptedChannel(Channel::Online)),
        ),
        ("ReplaceSubject", replace_subject(8)),
        ("WaiveFee", waive_fee("TB-1")),
        ("RefundFee", refund_fee("TB-1", 1)),
        ("ReceiveByCompetentAgency", receive_by_agency()),
        ("OpenSubtask", open_subtask(AGENCY, 3, None)),
        ("CompleteSubtask", complete_subtask(1)),
        ("CancelSubtask", cancel_subtask(1)),
        ("RecordComponents", digitise("DON")),
        ("RecordDeliveryFailure", fail_delivery()),
        ("ReturnResultToAgency", give_back()),
        ("LinkFeedback", link_feedback("77")),
        ("RecordAuthorisation", authorise(AuthorisedTo::Act, None)),
        ("PassToSuccessor", succeed()),
        ("ReceiveFiling", bring()),
        ("NoteCollection", note_collection()),
        ("CarryOver", take_over(TEN_DAYS)),
    ]
}

/// Per phase: what each possible wish makes happen, then the others by the reason they are refused for.
fn table() -> String {
    let mut text = String::new();
    for (phase, story) in Phase::ALL.iter().zip(one_in_each_phase()) {
        text.push_str(&format!("{}\n", phase.as_str()));
        let mut refused: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, wish) in wishes() {
            match story.decides(&wish) {
                Ok(happened) => {
                    let kinds: Vec<_> = happened.iter().map(|it| it.event.kind()).collect();
                    text.push_str(&format!("  {name} -> {}\n", kinds.join(", ")));
                }
                Err(no) => match refused
                    .iter_mut()
                    .find(|(reason, _)| *reason == no.reason())
                {
                    Some((_, names)) => names.push(name),
                    None => refused.push((no.reason(), vec![name])),
                },
            }
        }
        for (reason, names) in refused {
            text.push_str(&format!("  {reason}: {}\n", names.join(", ")));
        }
    }
    text
}

#[test]
fn what_is_possible_when_is_as_written_down() {
    let written = include_str!("table.txt");
    let table = table();
    assert!(
        table == written,
        "tests/domain/table.txt should hold\n{table}"
    );
}
