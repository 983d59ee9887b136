//! A small local HTTP server with scripted replies, dropped connections included.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A request: its path, and its headers under lower-case names.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// First byte of `Range: bytes=N-`.
    pub fn start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// A scripted reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Bytes of the body after which the connection is closed; `None` for all.
    pub cut: Option<usize>,
}

impl Reply {
    pub fn new(status: u16, body: &[u8]) -> Reply {
        let length = ("Content-Length".to_owned(), body.len().to_string());
        Reply { status, headers: vec![length], body: body.to_owned(), cut: None }
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cut(self, after: usize) -> Reply {
        Reply { cut: Some(after), ..self }
    }

    pub fn without_length(mut self) -> Reply {
        self.headers.retain(|(name, _)| name != "Content-Length");
        self
    }

    /// All of `body`, or from where the request asks if its `If-Range` is `etag`.
    pub fn file(request: &Request, body: &[u8], etag: &str) -> Reply {
        let same = request.header("if-range").is_none_or(|v| v == etag);
        let reply = match request.start().filter(|_| same) {
            None => Reply::new(200, body),
            Some(start) => {
                let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
                Reply::new(206, &body[start..]).with("Content-Range", &range)
            }
        };
        reply.with("ETag", etag)
    }
}

/// A server on a free port; dropping it stops it.
pub struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` gets each request and the number of requests before it.
    pub fn new(answer: impl Fn(&Request, usize) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stopped) = (seen.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                let before = log.lock().unwrap().len();
                log.lock().unwrap().push(request.clone());
                let reply = answer(&request, before);
                let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", reply.status);
                for (name, value) in &reply.headers {
                    head += &format!("{name}: {value}\r\n");
                }
                let sent = &reply.body[..reply.cut.unwrap_or(reply.body.len())];
                // The client may hang up early.
                let _ = stream.write_all((head + "\r\n").as_bytes()).and_then(|()| stream.write_all(sent));
                let _ = stream.shutdown(Shutdown::Write);
            }
        });
        Server { address, seen, stop, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines.take_while(|l| !l.is_empty()).filter_map(|l| {
        let (name, value) = l.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    });
    Some(Request { path, headers: headers.collect() })
}
