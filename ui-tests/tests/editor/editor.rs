//! An editor with the project's file open, and what a person asks it.

use std::fs::File;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Client;
use crate::place::{Place, ends};
use crate::project::{Project, TEXT};

/// Where the cursor is, in a text that is typed.
const CURSOR: &str = "$0";

/// The project's name, by which its file is known among those of otp-core.
const PROJECT: &str = "counters";

/// A part of the file's text, which stands there once, and what is typed in its place.
pub(crate) type Typed<'a> = (&'a str, &'a str);

/// An editor. Each question is asked of the file as it was opened, with what is typed for it alone.
pub(crate) struct Editor {
    client: Client,
    uri: String,
    version: u64,
    text: String,
}

impl Editor {
    /// Opens the file, and waits until the server knows what its macros make.
    pub(crate) fn open() -> Self {
        let project = Project::new(PROJECT, TEXT);
        let log = project.folder.join("rust-analyzer.log");
        let log = File::create(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let mut command = Command::new("rust-analyzer");
        let mut client = Client::start(command.current_dir(&project.folder).stderr(log));
        let folder = uri(&project.folder.to_string_lossy());
        let target = project.target();
        client.request(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": folder,
                "workspaceFolders": [{ "uri": folder, "name": PROJECT }],
                "capabilities": {
                    "general": { "positionEncodings": ["utf-8"] },
                    "textDocument": {
                        "definition": { "linkSupport": true },
                        "hover": { "contentFormat": ["markdown"] },
                    },
                    "workspace": { "workspaceEdit": { "documentChanges": true } },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": {
                    "cachePriming": { "enable": false },
                    "cargo": { "allTargets": false, "targetDir": target },
                    "checkOnSave": false,
                    "files": { "watcher": "server" },
                },
            }),
        );
        client.notify("initialized", &json!({}));
        let uri = uri(&project.file.to_string_lossy());
        let document = json!({ "uri": uri, "languageId": "rust", "version": 0, "text": TEXT });
        client.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        let mut editor = Editor {
            client,
            uri,
            version: 0,
            text: TEXT.to_owned(),
        };
        editor.wait_until_loaded();
        editor
    }

    /// The server says when it rests, which it may do between the steps of loading, too.
    fn wait_until_loaded(&mut self) {
        let mut status = Value::Null;
        loop {
            let next = self.client.notification("experimental/serverStatus");
            status = next.unwrap_or_else(|error| {
                panic!("rust-analyzer does not get to know the macros of the project ({error}): {status}")
            });
            assert_ne!(
                status["health"], "error",
                "rust-analyzer cannot load the project: {status}"
            );
            if status["quiescent"] == true && !self.definitions("counter.$0add(1)").is_empty() {
                return;
            }
        }
    }

    /// The names that are offered at the cursor.
    pub(crate) fn completions(&mut self, typed: &[Typed<'_>]) -> Vec<String> {
        let mut result = self.ask("textDocument/completion", typed, json!({}));
        let items = if result.is_array() {
            result
        } else {
            result["items"].take()
        };
        let items = items.as_array().into_iter().flatten();
        // `add(…)` is offered as such.
        let name = |item: &Value| {
            let label = item["label"].as_str().unwrap_or_default();
            let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
            label
                .split(|letter| !is_name(letter))
                .next()
                .map(str::to_owned)
        };
        items.filter_map(name).collect()
    }

    /// The lines that define what stands behind the cursor, each with its name in brackets: `pub fn [add](…`.
    pub(crate) fn definitions(&mut self, cursor: &str) -> Vec<String> {
        let result = self.ask_at("textDocument/definition", cursor, json!({}));
        let links = result.as_array().into_iter().flatten();
        let definition = |link: &Value| {
            let uri = &link["targetUri"];
            if !is_of_the_file(uri) {
                return uri.to_string();
            }
            let (start, end) = ends(&link["targetSelectionRange"]);
            let line = self.text.lines().nth(start.line).unwrap_or_default();
            let name = &line[start.column..end.column];
            let (before, after) = (&line[..start.column], &line[end.column..]);
            format!("{}[{name}]{after}", before.trim_start())
        };
        links.map(definition).collect()
    }

    /// What is shown of what stands behind the cursor.
    pub(crate) fn hover(&mut self, cursor: &str) -> String {
        let result = self.ask_at("textDocument/hover", cursor, json!({}));
        let shown = result["contents"]["value"].as_str();
        shown.unwrap_or_default().to_owned()
    }

    /// The file, once what stands behind the cursor has another name.
    pub(crate) fn renamed(&mut self, cursor: &str, name: &str) -> String {
        let result = self.ask_at("textDocument/rename", cursor, json!({ "newName": name }));
        let changes = result["documentChanges"].as_array().into_iter().flatten();
        let mut edits = Vec::new();
        for change in changes {
            assert!(
                is_of_the_file(&change["textDocument"]["uri"]),
                "another file is changed: {change}"
            );
            edits.extend(change["edits"].as_array().into_iter().flatten());
        }
        // From the end, so that the places of the others hold.
        edits.sort_by_key(|edit| std::cmp::Reverse(ends(&edit["range"])));
        let mut text = self.text.clone();
        for edit in edits {
            let (start, end) = ends(&edit["range"]);
            let range = start.bytes(&text)..end.bytes(&text);
            text.replace_range(range, edit["newText"].as_str().unwrap_or_default());
        }
        text
    }

    /// Asks at the cursor in a part of the file as it was opened.
    fn ask_at(&mut self, method: &str, cursor: &str, params: Value) -> Value {
        let part = cursor.replace(CURSOR, "");
        self.ask(method, &[(&part, cursor)], params)
    }

    fn ask(&mut self, method: &str, typed: &[Typed<'_>], mut params: Value) -> Value {
        let mut text = TEXT.to_owned();
        for (part, new) in typed {
            assert_eq!(text.matches(part).count(), 1, "`{part}` stands there once");
            text = text.replace(part, new);
        }
        let cursor = text.find(CURSOR).expect("there is a cursor");
        text.replace_range(cursor..cursor + CURSOR.len(), "");
        params["position"] = Place::behind(&text, cursor).to_json();
        params["textDocument"] = json!({ "uri": self.uri });
        self.change(text);
        self.client.request(method, &params)
    }

    fn change(&mut self, text: String) {
        if self.text == text {
            return;
        }
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        self.client.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
        self.text = text;
    }
}

fn is_of_the_file(uri: &Value) -> bool {
    let end = format!("/{PROJECT}/src/lib.rs");
    uri.as_str().is_some_and(|uri| uri.ends_with(&end))
}

/// `file:///home/a%20user`
fn uri(path: &str) -> String {
    let letter = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let path: String = path.bytes().map(letter).collect();
    format!("file://{path}")
}
