//! What an editor makes of servers and trees, asked of rust-analyzer over its protocol: names are completed in code that
//! is half-written, a client call leads to its handler, a rename goes the same way, and the handler's docs are shown.

mod client;
mod editor;
mod place;
mod project;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::editor::{Editor, Typed};
use crate::project::{Project, TEXT};

/// A line of the handler `add`, a line of a client, and the docs of the handler `reset`.
const IN_HANDLER: &str = "self.value += by;";
const IN_CLIENT: &str = "counter.reset();";
const BEFORE_HANDLER: &str = "/// Begins at 0 again.";

/// The editor, which all tests share, one at a time; None where there is no rust-analyzer.
fn editor() -> Option<MutexGuard<'static, Editor>> {
    static EDITOR: LazyLock<Option<Mutex<Editor>>> = LazyLock::new(|| {
        if has_rust_analyzer() {
            return Some(Mutex::new(Editor::open()));
        }
        skip("there is no rust-analyzer; `rustup component add rust-analyzer rust-src` brings it");
        None
    });
    let editor = EDITOR.as_ref()?;
    // The next question starts from the file as it was opened, whatever became of the last one.
    Some(editor.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether the sources of std are there, by which an editor knows what `Deref` and `Clone` give; says so if not.
fn has_rust_src() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let has = sysroot.is_ok_and(|sysroot| {
        Path::new(sysroot.trim_end())
            .join("lib/rustlib/src/rust/library")
            .is_dir()
    });
    if !has {
        skip("there are no sources of std; `rustup component add rust-src` brings them");
    }
    has
}

/// Not with `println!`, of which a passing test shows nothing.
fn skip(reason: &str) {
    writeln!(std::io::stderr(), "skipped: {reason}").expect("stderr takes a line");
}

/// Whether it runs: rustup has a command of this name without it, too.
fn has_rust_analyzer() -> bool {
    let version = Command::new("rust-analyzer").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Types in the file, and compares what is offered at the cursor.
fn assert_offered(editor: &mut Editor, typed: &[Typed<'_>], expected: &[&str]) {
    let offered = editor.completions(typed);
    let is_offered = |name: &&&str| offered.iter().any(|offered| offered == *name);
    let missing: Vec<_> = expected.iter().filter(|name| !is_offered(name)).collect();
    assert!(
        missing.is_empty(),
        "with {typed:?}, {missing:?} is not offered, but this is: {offered:?}"
    );
}

#[test]
fn a_half_written_handler_completes_the_state_and_the_context() {
    let Some(mut editor) = editor() else { return };
    let fields = ["value", "highest", "add", "reset"];
    for new in [
        "self.$0",
        "self.hi$0",
        "let doubled = self.$0",
        "if self.val$0 {",
        "self.record(self.$0",
    ] {
        assert_offered(&mut editor, &[(IN_HANDLER, new)], &fields[..2]);
    }
    let context = ["stop", "send_after", "continue_with", "trap_exit"];
    for new in ["cx.$0", "let timer = cx.send$0"] {
        assert_offered(&mut editor, &[(IN_HANDLER, new)], &context);
    }
    // A handler that is new, up to braces that are open still.
    for (body, expected) in [
        ("self.$0 }", fields.as_slice()),
        ("self.$0", &fields[..3]),
        ("if self.value > 0 { cx.$0", &context),
    ] {
        let handler = format!(
            "#[call]\n    pub fn subtract(&mut self, cx: &mut Context<Self>) -> i64 {{ {body}\n    {BEFORE_HANDLER}"
        );
        assert_offered(&mut editor, &[(BEFORE_HANDLER, &handler)], expected);
    }
    let names = "cx.send_after(Duration::from_secs(1), CounterMessage::$0);";
    assert_offered(&mut editor, &[(IN_HANDLER, names)], &["Add", "Reset"]);
}

#[test]
fn a_handle_completes_its_client_methods() {
    let Some(mut editor) = editor() else { return };
    for new in [
        "counter.$0",
        "counter.re$0",
        "let value = counter.$0.await?;",
        "if counter.$0",
    ] {
        assert_offered(&mut editor, &[(IN_CLIENT, new)], &["add", "reset"]);
    }
    if has_rust_src() {
        let built_in = ["stop", "monitor", "is_alive"];
        assert_offered(&mut editor, &[(IN_CLIENT, "counter.$0")], &built_in);
    }
}

#[test]
fn a_handle_keeps_its_client_methods_while_its_server_is_written() {
    let Some(mut editor) = editor() else { return };
    let call = (IN_CLIENT, "counter.$0");
    let half_written = [
        "#[call]\n    pub fn subtract",
        "#[call]\n    pub fn subtract(&mut self, by: ) -> i64 { 0 }",
        "#[call]\n    pub fn subtract(&mut self, by: &str) -> i64 { 0 }",
        "#[call]\n    pub fn subtract(&mut self) -> i64 { self. }",
        "#[cal]",
        "pub",
    ];
    for handler in half_written {
        let handler = format!("{handler}\n\n    {BEFORE_HANDLER}");
        let typed = [(BEFORE_HANDLER, handler.as_str()), call];
        assert_offered(&mut editor, &typed, &["add", "reset"]);
    }
    // What is open takes the next handler in.
    let parameter = format!("#[call]\n    pub fn subtract(&mut self, by: \n    {BEFORE_HANDLER}");
    assert_offered(&mut editor, &[(BEFORE_HANDLER, &parameter), call], &["add"]);
    for (part, new) in [
        (IN_HANDLER, "self."),
        ("highest: i64,", "highest: "),
        ("highest: i64,", "hi"),
    ] {
        assert_offered(&mut editor, &[(part, new), call], &["add", "reset"]);
    }
}

#[test]
fn handler_attributes_are_completed() {
    let Some(mut editor) = editor() else { return };
    let attributes = [
        "init",
        "call",
        "cast",
        "handle_info",
        "handle_continue",
        "handle_down",
        "handle_exit",
        "handle_timeout",
        "terminate",
        "format_status",
    ];
    for attribute in ["#[$0]", "#[ca$0]", "#[handle_$0]", "#[ca$0"] {
        let above = format!("{attribute}\n    {BEFORE_HANDLER}");
        assert_offered(&mut editor, &[(BEFORE_HANDLER, &above)], &attributes);
    }
    // No method stands below it yet.
    let last = "cx.hibernate();\n    }\n";
    let above_nothing = format!("{last}\n    #[handle_$0]\n");
    assert_offered(&mut editor, &[(last, &above_nothing)], &attributes);
}

#[test]
fn a_client_call_leads_to_its_handler() {
    let Some(mut editor) = editor() else { return };
    let handler = "pub fn [add](&mut self, by: i64, cx: &mut Context<Self>) -> i64 {";
    assert_eq!(editor.definitions("counter.$0add(1)"), [handler]);
    assert_eq!(editor.definitions("tree.primary().$0add(3)"), [handler]);
    let handler = "pub fn [reset](&mut self) {";
    assert_eq!(editor.definitions("counter.$0reset()"), [handler]);
}

#[test]
fn a_handler_is_renamed_with_its_calls() {
    let Some(mut editor) = editor() else { return };
    let expected = TEXT
        .replace("fn add(", "fn increase(")
        .replace(".add(", ".increase(");
    for cursor in ["pub fn $0add(", "counter.$0add(1)", "primary().$0add(3)"] {
        let renamed = editor.renamed(cursor, "increase");
        assert_eq!(renamed, expected, "renamed at `{cursor}`");
    }
    let mistakes = Project::new("renamed", &expected).mistakes();
    assert!(mistakes.is_empty(), "{mistakes}");
}

#[test]
fn a_field_of_the_state_is_renamed_with_its_uses() {
    let Some(mut editor) = editor() else { return };
    let expected = TEXT.replace("highest", "top");
    for cursor in ["$0highest: i64", "self.highest = self.$0highest"] {
        let renamed = editor.renamed(cursor, "top");
        assert_eq!(renamed, expected, "renamed at `{cursor}`");
    }
}

#[test]
fn a_client_call_shows_the_docs_of_its_handler() {
    let Some(mut editor) = editor() else { return };
    for (cursor, docs) in [
        ("counter.$0add(1)", "Adds `by` and answers the new value."),
        ("counter.$0reset()", "Begins at 0 again."),
        ("#[$0call]", "Marks a request that the caller waits for"),
        ("tree.$0primary()", "The counter that everyone asks."),
    ] {
        let shown = editor.hover(cursor);
        assert!(shown.contains(docs), "at `{cursor}` there is: {shown}");
    }
}

#[test]
fn the_handle_of_a_tree_completes_its_children() {
    let Some(mut editor) = editor() else { return };
    let call = "tree.primary().add(3)";
    for (new, expected) in [
        ("tree.$0", ["primary", "secondary"]),
        ("tree.primary().$0", ["add", "reset"]),
    ] {
        assert_offered(&mut editor, &[(call, new)], &expected);
    }
}

#[test]
fn a_half_written_child_completes_its_arguments() {
    let Some(mut editor) = editor() else { return };
    if !has_rust_src() {
        return;
    }
    let child = "primary: Counter(options.first_value)";
    for (new, expected) in [
        ("primary: Cou$0", "Counter"),
        ("primary: Counter($0)", "options"),
        ("primary: Counter(options.$0)", "first_value"),
        ("primary: Counter(options.fir$0)", "first_value"),
        ("primary: Counter(options.$0", "first_value"),
        // The tree has another mistake.
        (
            "primary: Counter(options.$0), third: Counter",
            "first_value",
        ),
        ("primary: Counter(options.$0) { restart: }", "first_value"),
    ] {
        assert_offered(&mut editor, &[(child, new)], &[expected]);
    }
    let later = "secondary: Counter(0)";
    for (new, expected) in [
        ("secondary: Counter($0)", "primary"),
        ("secondary: Counter(pri$0)", "primary"),
        ("secondary: Counter(primary.$0)", "add"),
        ("secondary: Counter(0).na$0", "name"),
    ] {
        assert_offered(&mut editor, &[(later, new)], &[expected]);
    }
}

#[test]
fn an_accessor_leads_to_its_child() {
    let Some(mut editor) = editor() else { return };
    let child = "[primary]: Counter(options.first_value),";
    assert_eq!(editor.definitions("tree.$0primary()"), [child]);
}

#[test]
fn a_child_is_renamed_with_its_accessor() {
    let Some(mut editor) = editor() else { return };
    let expected = TEXT
        .replace("primary:", "first:")
        .replace(".primary()", ".first()");
    for cursor in ["$0primary: Counter", "tree.$0primary()"] {
        let renamed = editor.renamed(cursor, "first");
        assert_eq!(renamed, expected, "renamed at `{cursor}`");
    }
}
