//! How is a broker asked at the least cost? Bytes that were made before, over a connection that is
//! kept, and no more of the answer read than its status and its length.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that carries one request at a time.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    answer: Vec<u8>,
}

impl Connection {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, answer: vec![0; 16 * 1024] }
    }

    /// Sends a request and gives the status of its answer. After an error the next request goes
    /// over a new connection.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address).await?,
        };
        stream.write_all(request).await?;
        let status = read_answer(&mut stream, &mut self.answer).await?;
        self.stream = Some(stream);
        Ok(status)
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn read_answer(stream: &mut TcpStream, answer: &mut [u8]) -> io::Result<u16> {
    let mut received = 0;
    loop {
        let read = stream.read(&mut answer[received..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received += read;
        if let Some((status, length)) = measure(&answer[..received])
            && received >= length
        {
            return Ok(status);
        }
    }
}

/// Status and whole length of an answer whose head is there.
fn measure(answer: &[u8]) -> Option<(u16, usize)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, length) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some((status, end + 4 + length.trim().parse::<usize>().ok()?))
}
