//! A cable between a role and NATS that the test can cut, slow down, or leave hanging.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the cable does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code, reason = "not every test that uses it does all of this")]
pub(crate) enum Cable {
    /// It carries.
    Whole,
    /// It carries a kilobyte a turn, and takes so long for each.
    Slow(Duration),
    /// Nobody gets in, and whoever was in is thrown out.
    Cut,
}

pub(crate) struct Proxy {
    port: u16,
    cable: watch::Sender<Cable>,
    /// Moves on when every connection that is there is to swallow what it is given, for good, and stay open.
    deaf: watch::Sender<u64>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// In front of this address.
    pub(crate) async fn before(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cable = watch::Sender::new(Cable::Whole);
        let deaf = watch::Sender::new(0);
        let (carries, hears) = (cable.subscribe(), deaf.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if *carries.borrow() == Cable::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&to).await else {
                    continue;
                };
                let mut generation = hears.subscribe();
                generation.borrow_and_update();
                connections.spawn(join(client, server, carries.clone(), generation));
            }
        });
        Self {
            port,
            cable,
            deaf,
            _task: task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn is(&self, cable: Cable) {
        self.cable.send_replace(cable);
    }

    #[allow(dead_code, reason = "not every test that uses it does this")]
    /// Every connection that is there hangs from now on: it is open at both ends, and nothing comes through. New ones work.
    pub(crate) fn hang(&self) {
        self.deaf.send_modify(|generation| *generation += 1);
    }
}

async fn join(
    client: TcpStream,
    server: TcpStream,
    cable: watch::Receiver<Cable>,
    deaf: watch::Receiver<u64>,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let cut = {
        let mut cable = cable.clone();
        async move {
            // The test's end drops the sender, and with it this task.
            let _ = cable.wait_for(|cable| *cable == Cable::Cut).await;
        }
    };
    tokio::select! {
        () = carry(from_client, to_server, cable.clone(), deaf.clone()) => {}
        () = carry(from_server, to_client, cable, deaf) => {}
        () = cut => {}
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    cable: watch::Receiver<Cable>,
    deaf: watch::Receiver<u64>,
) {
    let mut buffer = vec![0; 1024];
    loop {
        let Ok(read) = from.read(&mut buffer).await else {
            return;
        };
        if read == 0 && !deaf.has_changed().unwrap_or(true) {
            return;
        }
        if deaf.has_changed().unwrap_or(true) {
            // Open, and silent, until whoever waits at either end gives up.
            if read == 0 {
                return;
            }
            continue;
        }
        let now = *cable.borrow();
        if let Cable::Slow(pause) = now {
            sleep(pause).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
