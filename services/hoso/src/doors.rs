//! The sockets of a role: bound before anything is opened, served once the role is.

use std::io;
use std::net::{SocketAddr, TcpListener};

use chassis::serve::Sockets;
use chassis::tls::Tls;

use crate::entrance::OpenEntrance;
use crate::out;
use crate::stack::{StackError, io_error};

/// How far the side doors of `hoso up` are from the doors themselves, unless told otherwise.
const ASIDE: u16 = 10;

/// The sockets of one role.
#[derive(Debug)]
pub struct Doors {
    grpc: TcpListener,
    http: Option<TcpListener>,
    tls: Option<Tls>,
}

/// Where they are; whoever asked for port 0 reads the real one here.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For gRPC.
    pub grpc: SocketAddr,
    /// For HTTP.
    pub http: Option<SocketAddr>,
}

impl Doors {
    /// Listens; on this machine only, unless the entrance is guarded.
    ///
    /// # Errors
    /// When an address is not a loopback one and may not be another, or is taken.
    pub fn bind(
        grpc: SocketAddr,
        http: Option<SocketAddr>,
        entrance: &OpenEntrance,
    ) -> Result<Self, StackError> {
        let bind = |address| bind(address, entrance.guarded);
        Ok(Self {
            grpc: bind(grpc)?,
            http: http.map(bind).transpose()?,
            tls: entrance.tls.clone(),
        })
    }

    /// Where they are.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> Result<Addresses, StackError> {
        let read = |listener: &TcpListener| {
            listener
                .local_addr()
                .map_err(io_error("reading a listener's address"))
        };
        Ok(Addresses {
            grpc: read(&self.grpc)?,
            http: self.http.as_ref().map(read).transpose()?,
        })
    }

    /// The sockets within a runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(self) -> io::Result<Sockets> {
        let open = tokio::net::TcpListener::from_std;
        Ok(Sockets {
            grpc: open(self.grpc)?,
            http: self.http.map(open).transpose()?,
            tls: self.tls,
        })
    }
}

/// Says on standard output where a role listens, the door first, a line each.
pub fn tell(role: &str, at: Addresses) {
    out::print(&format!("{role} {}", at.grpc));
    if let Some(http) = at.http {
        out::print(&format!("{role}-http {http}"));
    }
}

/// Where the side door of a role in `hoso up` is: beside its door; a free port beside a free port.
pub fn beside(grpc: SocketAddr) -> SocketAddr {
    let port = match grpc.port() {
        0 => 0,
        port => port.checked_add(ASIDE).unwrap_or(0),
    };
    SocketAddr::new(grpc.ip(), port)
}

fn bind(address: SocketAddr, guarded: bool) -> Result<TcpListener, StackError> {
    if !guarded && !address.ip().is_loopback() {
        return Err(StackError::NotLoopback(address));
    }
    let listener =
        TcpListener::bind(address).map_err(io_error(format!("listening on {address}")))?;
    listener
        .set_nonblocking(true)
        .map_err(io_error("preparing a listener"))?;
    Ok(listener)
}
