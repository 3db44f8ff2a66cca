//! Values of which the last counts: of replicas that disagree the one that knows most is heard.

use async_nats::jetstream::stream::Config;
use async_nats::jetstream::{self, Context};
use eventlog::LogId;
use messaging::nats::StreamSettings;
use messaging::nats::latest::{Known, Latest, Offered, Value};
use uuid::Uuid;

use crate::form::connect;
use crate::server::Server;

const SUBJECT: &str = "hoso.figures.000-00-06-H20.ii06a.month";

fn value(position: u64, as_of: i64, says: u64) -> Value {
    Value {
        agency: "000.00.06.H20".to_owned(),
        form: "ii06a",
        period: "month",
        known: Known {
            log: LogId(Uuid::from_u128(1)),
            epoch: 0,
            position,
            as_of,
        },
        digest: says.to_string(),
        payload: format!("{{\"position\":{position},\"says\":{says}}}").into_bytes(),
    }
}

async fn replica(server: &Server) -> Latest {
    let latest = Latest::new(connect(server).await, StreamSettings::default());
    for _ in 0..1000 {
        if latest.ready().await.is_ok() {
            return latest;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", latest.ready().await);
}

async fn jetstream(server: &Server) -> Context {
    jetstream::new(connect(server).await.client().clone())
}

/// The value there is, and how many were ever written.
async fn there(server: &Server) -> (String, u64) {
    let jetstream = jetstream(server).await;
    let stream = jetstream.get_stream("HOSO_FIGURES").await.unwrap();
    let message = stream
        .get_last_raw_message_by_subject(SUBJECT)
        .await
        .unwrap();
    let text = String::from_utf8(message.payload.to_vec()).unwrap();
    (text, message.sequence)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_behind_never_overwrites_one_that_is_ahead() {
    let server = Server::start();
    let (ahead, behind) = (replica(&server).await, replica(&server).await);
    assert_eq!(ahead.offer(&value(100, 5, 1)).await, Ok(Offered::Taken));
    assert_eq!(behind.offer(&value(99, 9, 2)).await, Ok(Offered::Outdone));
    // It says the same already: nobody needs to be told.
    assert_eq!(behind.offer(&value(101, 6, 1)).await, Ok(Offered::Same));
    assert_eq!(there(&server).await.1, 1);
    assert_eq!(behind.offer(&value(102, 6, 3)).await, Ok(Offered::Taken));
    // Nothing was recorded, but time went on.
    assert_eq!(ahead.offer(&value(102, 7, 4)).await, Ok(Offered::Taken));
    assert_eq!(
        there(&server).await,
        ("{\"position\":102,\"says\":4}".to_owned(), 3)
    );
    assert_eq!(ahead.ready().await.unwrap().values, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_write_at_once_agree_on_the_one_that_knows_most() {
    let server = Server::start();
    let mut writers = Vec::new();
    for writer in 0..4 {
        let latest = replica(&server).await;
        writers.push(tokio::spawn(async move {
            let mut taken = 0;
            for step in 0..20 {
                let position = 4 * step + writer;
                // Losing a race too often is told, and is no harm: a later offer knows more.
                match latest.offer(&value(position, 0, position)).await {
                    Ok(Offered::Taken) => taken += 1,
                    Ok(Offered::Same | Offered::Outdone) | Err(_) => {}
                }
            }
            let last = latest.offer(&value(1000 + writer, 0, 1000 + writer)).await;
            (taken, last)
        }));
    }
    for writer in writers {
        let (taken, last) = writer.await.unwrap();
        println!("{taken} taken, the last {last:?}");
    }
    let latest = replica(&server).await;
    // Whoever lost all its races tries again, as a replica does each second.
    for writer in 0..4 {
        latest
            .offer(&value(1000 + writer, 0, 1000 + writer))
            .await
            .unwrap();
    }
    assert_eq!(there(&server).await.0, "{\"position\":1003,\"says\":1003}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_deleted_is_made_again_and_known_for_another_and_one_that_does_not_fit_is_left_alone()
 {
    let server = Server::start();
    let latest = replica(&server).await;
    latest.offer(&value(1, 0, 1)).await.unwrap();
    let before = latest.ready().await.unwrap();
    assert_eq!(before.values, 1);
    let jetstream = jetstream(&server).await;
    jetstream.delete_stream("HOSO_FIGURES").await.unwrap();
    let after = latest.ready().await.unwrap();
    assert_ne!(after.created, before.created);
    assert_eq!(after.values, 0);
    assert_eq!(latest.offer(&value(1, 0, 1)).await, Ok(Offered::Taken));

    jetstream.delete_stream("HOSO_FIGURES").await.unwrap();
    let config = Config {
        name: "HOSO_FIGURES".to_owned(),
        subjects: vec!["hoso.figures.*.*.*".to_owned()],
        ..Config::default()
    };
    jetstream.create_stream(config).await.unwrap();
    let told = latest.ready().await.unwrap_err();
    assert!(told.contains("left as it is"), "{told}");
}
