//! A TCP proxy before a node: it gives the node a port of one's choice, and can drop and refuse connections for a while.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use anyhow::Result;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

const BACKLOG: u32 = 128;

/// A proxy; it stops when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    node: SocketAddr,
    accepted: Arc<AtomicU64>,
    task: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts to forward from a free port to a node.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn start(node: SocketAddr) -> Result<Self> {
        Self::at(0, node)
    }

    /// Starts to forward from this port of the machine, 0 for any that is free, to a node.
    ///
    /// # Errors
    /// Where the port is taken.
    pub fn at(port: u16, node: SocketAddr) -> Result<Self> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let (address, accepted) = (listener.local_addr()?, Arc::new(AtomicU64::new(0)));
        let task = tokio::spawn(forward(listener, node, Arc::clone(&accepted)));
        Ok(Self { address, node, accepted, task: Some(task) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Drops every connection and refuses new ones.
    pub async fn refuse(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // The port is closed once the task is gone.
            let _ = task.await;
        }
    }

    /// Accepts again, at the same address.
    ///
    /// # Errors
    /// Where somebody else has taken the port.
    pub fn accept(&mut self) -> Result<()> {
        if self.task.is_none() {
            let listener = listen(self.address)?;
            self.task = Some(tokio::spawn(forward(listener, self.node, Arc::clone(&self.accepted))));
        }
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket.listen(BACKLOG)?)
}

/// Forwards until it is aborted; its connections end with it.
async fn forward(listener: TcpListener, node: SocketAddr, accepted: Arc<AtomicU64>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            connection = listener.accept() => {
                let Ok((mut near, _)) = connection else { continue };
                accepted.fetch_add(1, Ordering::Relaxed);
                open.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(node).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        address
    }

    async fn says_back(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 4];
        stream.write_all(b"ping").await.is_ok() && stream.read_exact(&mut answer).await.is_ok() && &answer == b"ping"
    }

    #[tokio::test]
    async fn a_proxy_forwards_drops_refuses_and_forwards_again() {
        let mut proxy = Proxy::start(echo().await).unwrap();
        let mut first = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says_back(&mut first).await);
        proxy.refuse().await;
        assert!(!says_back(&mut first).await, "the connection was not dropped");
        assert!(TcpStream::connect(proxy.address()).await.is_err(), "a new connection was not refused");
        proxy.accept().unwrap();
        let mut second = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says_back(&mut second).await);
        assert_eq!(proxy.accepted(), 2);
    }
}
