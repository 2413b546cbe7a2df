//! A client of rust-analyzer: JSON-RPC over the standard input and output of a child process.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// A server that says nothing for so long, while it is waited for, is stuck.
const SILENCE: Duration = Duration::from_secs(300);

/// `ContentModified` and `ServerCancelled`: the server was busy with a change, and is to be asked again.
const ASK_AGAIN: [i64; 2] = [-32801, -32802];

/// A running server. It ends when its standard input is closed, and so with this process.
pub(crate) struct Client {
    input: ChildStdin,
    messages: Receiver<Value>,
    /// Notifications that nobody has waited for yet.
    notifications: VecDeque<Value>,
    requests: u64,
    _server: Child,
}

impl Client {
    /// Starts the server.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let input = server.stdin.take().expect("it is piped");
        let output = server.stdout.take().expect("it is piped");
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Client {
            input,
            messages,
            notifications: VecDeque::new(),
            requests: 0,
            _server: server,
        }
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        loop {
            self.requests += 1;
            let id = self.requests;
            self.write(json!({ "id": id, "method": method, "params": params }));
            let mut answer = self.answer(method, id);
            let error = &answer["error"];
            if error.is_null() {
                return answer["result"].take();
            }
            let code = error["code"].as_i64().unwrap_or_default();
            assert!(
                ASK_AGAIN.contains(&code),
                "rust-analyzer refuses {method}: {error}"
            );
        }
    }

    /// Tells the server of something.
    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.write(json!({ "method": method, "params": params }));
    }

    /// What the next notification of this method says; an error if there is none.
    pub(crate) fn notification(&mut self, method: &str) -> Result<Value, RecvTimeoutError> {
        loop {
            let mut message = match self.notifications.pop_front() {
                Some(message) => message,
                None => self.receive()?,
            };
            if message["method"] == method {
                return Ok(message["params"].take());
            }
        }
    }

    fn answer(&mut self, method: &str, id: u64) -> Value {
        loop {
            let message = self.receive();
            let message = message
                .unwrap_or_else(|error| panic!("rust-analyzer does not answer {method}: {error}"));
            if !message["method"].is_null() {
                self.notifications.push_back(message);
            } else if message["id"] == id {
                return message;
            }
        }
    }

    /// The next answer or notification. What the server asks is answered with nothing.
    fn receive(&mut self) -> Result<Value, RecvTimeoutError> {
        loop {
            let message = self.messages.recv_timeout(SILENCE)?;
            if message["method"].is_null() || message["id"].is_null() {
                return Ok(message);
            }
            self.write(json!({ "id": message["id"], "result": null }));
        }
    }

    fn write(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        let written = write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len());
        written
            .and_then(|()| self.input.flush())
            .unwrap_or_else(|error| panic!("rust-analyzer reads no more: {error}"));
    }
}

/// The next message; None at the end.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
