//! Every call of the contract, asked over TLS with every kind of token, about one's own and about each thing that is another's:
//! let in or refused as [`crate::rights`] states it.

use std::collections::{BTreeMap, BTreeSet};

use api::authority::Scope;
use api::authority::roles::ROLES;
use api::hoso::dossier::v1::{
    BroughtSupplement, Component, Filing, Reason, SubtaskKind, TimeLimit, TimeUnit, filing,
};
use api::hoso::intake::v1::{PartyKind, ReceiveFilingRequest};
use api::hoso::processing::v1::{AssignTaskRequest, Change, GetFilingRequest, OpenSubtaskRequest};
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::identity::with_token;
use crate::messages;
use crate::own_terminals::{enrol, hand_over};
use crate::raw;
use crate::rights::{DOORS, RIGHTS, Right, Token, WITHOUT_TOKEN};
use crate::scene::{CENTRE, ELSEWHERE, OTHER, OWN, POST, STRANGERS, Scene, by_id, scopes};
use crate::side_door::get;
use crate::things::{Said, Thing};

/// The services that answer a call.
fn answering(call: &str) -> &'static [&'static str] {
    match call.split('.').nth(1) {
        Some("intake") => &["intake"],
        Some("processing") => &["processing"],
        Some("reporting") => &["reporting"],
        Some("vault" | "identity") => &["intake", "processing"],
        _ if call.contains("ParkedService") => &["processing", "reporting"],
        _ => &["intake", "processing", "reporting"],
    }
}

fn stated() -> BTreeMap<String, &'static Right> {
    let mut stated = BTreeMap::new();
    for right in RIGHTS {
        let (_, _, service, calls) = right;
        for call in *calls {
            let twice = stated.insert(format!("/{service}/{call}"), right);
            assert!(twice.is_none(), "{call} is stated twice");
        }
    }
    stated
}

/// What there is to ask about besides the scene's dossiers; a name for each.
async fn furnished(scene: &Scene) -> BTreeMap<&'static str, String> {
    let mut there = BTreeMap::from([
        ("@own.filed", scene.own.filed.clone()),
        ("@other.filed", scene.other.filed.clone()),
        ("@own.accepted", scene.own.accepted.clone()),
        ("@other.accepted", scene.other.accepted.clone()),
        ("@nowhere", Uuid::new_v4().to_string()),
    ]);
    // A unit has one dossier; another agency has one of which it asked for a part.
    let asked = scene.one_more(OTHER).await;
    let change = |dossier: &str| {
        Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(by_id(dossier)),
            ..Change::default()
        })
    };
    let all = json!({"agency": "*", "point": "*", "office": "*"});
    let token = |role: &str| scene.token_with(role, &all);
    let assigned = AssignTaskRequest {
        change: change(&scene.own.accepted),
        holder: "binh".to_owned(),
        unit: "p1".to_owned(),
    };
    let mut processing = scene.processing();
    processing
        .assign_task(with_token(assigned, &token("head")))
        .await
        .unwrap();
    let part = OpenSubtaskRequest {
        change: change(&asked),
        kind: SubtaskKind::Opinion.into(),
        agency: OWN.to_owned(),
        limit: Some(TimeLimit {
            amount: 3,
            unit: TimeUnit::WorkingDays.into(),
        }),
        after: 0,
        question: Some(Reason {
            code: "hoi_y_kien".to_owned(),
            ..Reason::default()
        }),
    };
    processing
        .open_subtask(with_token(part, &token("head")))
        .await
        .unwrap();
    there.insert("@asked", asked);

    for terminal in ["MAY-1", "MAY-2"] {
        enrol(scene, terminal).await;
    }
    hand_over(scene, "MAY-1", "BB-1", (PartyKind::Point, CENTRE)).await;
    hand_over(scene, "MAY-2", "BB-2", (PartyKind::PostOffice, STRANGERS)).await;

    for (name, office, dossier) in [
        ("@brought.here.for.other", POST, &scene.other.accepted),
        ("@brought.there.for.own", STRANGERS, &scene.own.accepted),
        ("@brought.there.for.other", STRANGERS, &scene.other.accepted),
    ] {
        let brought = ReceiveFilingRequest {
            request_id: Uuid::new_v4().to_string(),
            filing: Some(Filing {
                dossier: Some(filing::Dossier::DossierId(dossier.clone())),
                brought: Some(filing::Brought::Supplement(BroughtSupplement {
                    components: vec![Component {
                        code: "CCCD".to_owned(),
                        originals: 1,
                        ..Component::default()
                    }],
                })),
                words: String::new(),
            }),
            operator: office.to_owned(),
            ..ReceiveFilingRequest::default()
        };
        let brought = with_token(brought, &token("counter"));
        let received = scene.intake().receive_filing(brought).await.unwrap();
        let received = received.into_inner();
        let filing_id = received.filing.unwrap().filing_id;
        // Processing has it before anything is asked.
        let asked = GetFilingRequest {
            filing_id: filing_id.clone(),
            min_position: received.position,
        };
        let asked = with_token(asked, &token("counter"));
        processing.get_filing(asked).await.unwrap();
        there.insert(name, filing_id);
    }
    there
}

/// Tokens: a role's with what is one's own; and such as have every scope, with all, with one's own but for one claim, with one
/// claim of everything, with a unit of two, with what is another's.
fn tokens() -> Vec<Token> {
    let own = [
        ("agency", OWN),
        ("point", CENTRE),
        ("office", POST),
        ("terminal", "MAY-1"),
    ];
    let others = [
        ("agency", OTHER),
        ("point", ELSEWHERE),
        ("office", STRANGERS),
        ("terminal", "MAY-2"),
    ];
    let claims = |named: &[(&'static str, &'static str)]| -> BTreeMap<_, _> {
        let named = named.iter();
        named.map(|(claim, one)| (*claim, vec![*one])).collect()
    };
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push(Token {
            name: role.name.to_owned(),
            scopes: scopes(role.name),
            claims: claims(&own),
        });
    }
    let mut every = |name: String, claims: BTreeMap<&'static str, Vec<&'static str>>| {
        tokens.push(Token {
            name,
            scopes: Scope::ALL.iter().map(|scope| scope.name()).collect(),
            claims,
        });
    };
    // Whose account is named as the terminal is not that terminal.
    every("MAY-1".to_owned(), claims(&own[..3]));
    every(
        "all".to_owned(),
        claims(&own.map(|(claim, _)| (claim, "*"))),
    );
    every("others".to_owned(), claims(&others));
    for unit in ["p1", "p2"] {
        let mut with = claims(&own);
        with.insert("unit", vec![unit]);
        every(format!("unit-{unit}"), with);
    }
    for (claim, _) in own {
        let mut with = claims(&own);
        with.insert(claim, vec!["*"]);
        every(format!("every-{claim}"), with.clone());
        with.remove(claim);
        every(format!("no-{claim}"), with);
    }
    tokens
}

/// The same, each as it is sent.
fn issued(scene: &Scene) -> Vec<(Token, String)> {
    let tokens = tokens().into_iter();
    tokens
        .map(|token| {
            let claims: Value = json!(token.claims);
            let issued = scene.issuer.token(&token.name, &token.scopes, &claims);
            (token, issued)
        })
        .collect()
}

/// What a call is asked: what its message says of each thing, and which claims open that. One's own, and each thing in turn as
/// another's.
fn questions(things: &[Thing]) -> Vec<Vec<&'static Said>> {
    let own: Vec<_> = things.iter().map(|thing| &thing[0]).collect();
    let mut questions = vec![own.clone()];
    for (place, thing) in things.iter().enumerate() {
        for said in &thing[1..] {
            let mut question = own.clone();
            question[place] = said;
            questions.push(question);
        }
    }
    questions
}

#[tokio::test]
async fn every_call_with_every_token_is_let_in_or_refused_as_it_is_stated() {
    let scene = Scene::set(&["--calls-per-second", "0", "--anonymous-per-minute", "1000"]).await;
    let there = furnished(&scene).await;
    let tokens = issued(&scene);
    let (mut stated, mut wrong) = (stated(), BTreeSet::new());
    for (call, input) in &messages::calls() {
        let right = stated.remove(call);
        let anyone = WITHOUT_TOKEN.contains(&call.as_str());
        assert_ne!(right.is_some(), anyone, "{call} is not stated");
        let (opened_by, things) = right.map_or((&[][..], &[][..]), |right| (right.0, right.1));
        for service in answering(call) {
            let connection = scene.issuer.connection(scene.at(service), None);
            let mut let_in_once = false;
            for (turn, question) in questions(things).into_iter().enumerate() {
                let message = messages::message(input, &|path, _| fill(path, &question, &there));
                let says = || question.iter().map(|said| said.0).collect::<Vec<_>>();
                for (token, issued) in &tokens {
                    let opens = anyone || token.opens(opened_by);
                    // A scope that is not there is not there whatever the call is about.
                    if !opens && turn > 0 {
                        continue;
                    }
                    let promised = opens && question.iter().all(|said| token.names(said.1));
                    let answer = raw::ask(&connection, call, &message, issued).await;
                    let let_in = answer != Some(Code::PermissionDenied);
                    let_in_once |= let_in;
                    if answer == Some(Code::Unauthenticated) || let_in != promised {
                        let name = &token.name;
                        wrong.insert(format!(
                            "{call} at {service} as {name} about {:?}: {answer:?}, {promised}",
                            says()
                        ));
                    }
                }
                let without = raw::ask(&connection, call, &message, "").await;
                if (without == Some(Code::Unauthenticated)) == anyone {
                    wrong.insert(format!("{call} at {service} without a token: {without:?}"));
                }
            }
            assert!(let_in_once, "nobody can make {call} at {service}");
        }
    }
    assert!(stated.is_empty(), "these are no calls: {:?}", stated.keys());
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let connection = scene.issuer.connection(&scene.hoso.intake, None);
    let all = tokens
        .iter()
        .find(|(token, _)| token.name == "all")
        .unwrap();
    let unknown = "/hoso.intake.v1.IntakeService/Unheard";
    let unknown = raw::ask(&connection, unknown, &[], &all.1).await;
    assert_eq!(
        unknown,
        Some(Code::PermissionDenied),
        "what has no row is refused"
    );
}

#[tokio::test]
async fn the_side_door_with_every_token_lets_in_or_refuses_as_it_is_stated() {
    let scene = Scene::set(&["--calls-per-second", "0", "--anonymous-per-minute", "1000"]).await;
    let tokens = issued(&scene);
    let mut wrong = BTreeSet::new();
    for (opened_by, things, path) in DOORS {
        for question in questions(things) {
            let said = question.iter().flat_map(|said| said.0);
            let query: Vec<_> = said
                .map(|(field, value)| format!("{field}={value}"))
                .collect();
            let asked = format!("{path}?{}", query.join("&"));
            let at = &scene.hoso.reporting_http;
            for (token, issued) in &tokens {
                let promised =
                    token.opens(opened_by) && question.iter().all(|said| token.names(said.1));
                let code = get(&scene.issuer, at, &asked, issued).await.code;
                if (code != 403) != promised || code == 401 {
                    wrong.insert(format!("{asked} as {}: {code}, {promised}", token.name));
                }
            }
            let without = get(&scene.issuer, at, &asked, "").await.code;
            assert_eq!(without, 401, "{asked}");
        }
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a field says: what is asked about; otherwise something that every call refuses once it is let in, so that nothing changes.
fn fill(path: &str, question: &[&Said], there: &BTreeMap<&'static str, String>) -> Option<String> {
    let said = question.iter().flat_map(|said| said.0);
    let mut fitting = said.filter(|(end, _)| {
        path.strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    if let Some((_, value)) = fitting.next() {
        return match value.strip_prefix('@') {
            None => Some((*value).to_owned()),
            Some("none") => None,
            Some(_) => Some(there[value].clone()),
        };
    }
    match path.rsplit('.').next().unwrap_or_default() {
        "code" | "system" | "reference" | "organisation" | "min_position" | "page_token" => None,
        "expected_revision" => Some("0".to_owned()),
        "dossier_id" | "filing_id" => Some(there["@nowhere"].clone()),
        _ => Some("x".to_owned()),
    }
}
