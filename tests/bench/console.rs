//! Consoles: many HTTP connections that stay open, on one thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use telecare_tests::wait;
use tokio::net::TcpStream;
use tokio::sync::watch;
use uuid::Uuid;

/// One console's connection.
#[derive(Debug)]
pub struct Console {
    port: u16,
    sender: SendRequest<Full<Bytes>>,
    token: String,
    desk: String,
}

/// The list as far as it is looked at.
#[derive(Debug, Deserialize)]
pub struct List {
    /// What the next poll sends.
    pub cursor: String,
    /// The cards, most urgent first.
    pub alarms: Vec<Card>,
}

/// A card as far as it is looked at.
#[derive(Debug, Deserialize)]
pub struct Card {
    /// Its id.
    pub id: Uuid,
    /// Whose it is, ending with the account.
    pub unit: String,
    /// `waiting` or not.
    pub standing: String,
    /// How many signals are on it.
    pub signals: u64,
}

impl Console {
    /// Connects to an API of this machine.
    pub async fn connect(port: u16, token: &str, desk: &str) -> Result<Console> {
        Ok(Console { port, sender: open(port).await?, token: token.to_owned(), desk: desk.to_owned() })
    }

    /// The connection, made anew when the API has closed it because nothing was asked for long.
    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        if self.sender.ready().await.is_err() {
            self.sender = open(self.port).await?;
        }
        Ok(&mut self.sender)
    }

    /// The list; with a cursor it waits for another.
    pub async fn list(&mut self, cursor: Option<&str>) -> Result<List> {
        let path =
            cursor.map_or_else(|| "/v1/alarms".to_owned(), |cursor| format!("/v1/alarms?wait=30&cursor={cursor}"));
        let (status, body) = self.ask(Method::GET, &path, Bytes::new()).await?;
        ensure!(status == 200, "{status} to {path}");
        Ok(serde_json::from_slice(&body)?)
    }

    /// Asks for the list as a plain poll does, with the entity tag it has. Gives the tag and how many bytes came.
    pub async fn poll(&mut self, etag: &mut Option<String>) -> Result<usize> {
        let request = self.request(Method::GET, "/v1/alarms");
        let request = match etag.as_ref() {
            Some(etag) => request.header("If-None-Match", etag),
            None => request,
        };
        let response = self.ready().await?.send_request(request.body(Full::default())?).await?;
        ensure!(matches!(response.status().as_u16(), 200 | 304), "{} to a poll", response.status());
        *etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Ok(response.into_body().collect().await?.to_bytes().len())
    }

    /// Does something to an alarm; gives the status.
    pub async fn act(&mut self, alarm: Uuid, verb: &str, more: Value) -> Result<u16> {
        let mut body = json!({ "action": Uuid::new_v4(), "desk": self.desk });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let body = Bytes::from(serde_json::to_vec(&body)?);
        Ok(self.ask(Method::POST, &format!("/v1/alarms/{alarm}/{verb}"), body).await?.0)
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Result<(u16, Bytes)> {
        let request = self.request(method, path).header("Content-Type", "application/json").body(Full::new(body))?;
        let response = self.ready().await?.send_request(request).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("Host", "localhost");
        request.header("Authorization", format!("Bearer {}", self.token))
    }
}

async fn open(port: u16) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.context("connect to the API")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// When what was first seen: the nth signal of an account by `account/n`.
type Seen = Arc<Mutex<HashMap<String, Instant>>>;

/// The console that waits for changes all the time, and remembers when it first saw what.
#[derive(Debug)]
pub struct Watcher {
    end: watch::Sender<bool>,
    seen: Seen,
    thread: JoinHandle<Result<()>>,
}

impl Watcher {
    /// Begins; returns when the first list is there.
    pub fn start(port: u16, token: &str) -> Result<Watcher> {
        let (end, mut ended) = watch::channel(false);
        let (ready, is_ready) = mpsc::channel();
        let (token, seen) = (token.to_owned(), Seen::default());
        let found = seen.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut console = Console::connect(port, &token, "watcher").await?;
                let mut cursor = None;
                loop {
                    let list = tokio::select! {
                        list = console.list(cursor.as_deref()) => list?,
                        _ = ended.changed() => return Ok(()),
                    };
                    let now = Instant::now();
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    for card in list.alarms {
                        let account = card.unit.rsplit(' ').next().unwrap_or_default();
                        for n in 1..=card.signals {
                            found.entry(format!("{account}/{n}")).or_insert(now);
                        }
                    }
                    cursor = Some(list.cursor);
                    let _ = ready.send(());
                }
            })
        });
        is_ready.recv_timeout(Duration::from_secs(10)).context("the first list")?;
        Ok(Watcher { end, seen, thread })
    }

    /// Ends it when it has seen all of these. Gives when.
    pub fn end(self, expected: &[String]) -> Result<Vec<Instant>> {
        let seen = wait::until("the watching console to see everything", || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(expected.iter().map(|what| seen.get(what).copied()).collect::<Option<Vec<Instant>>>())
        })?;
        let _ = self.end.send(true);
        self.thread.join().map_err(|_| anyhow::anyhow!("the watcher panicked"))??;
        Ok(seen)
    }
}
