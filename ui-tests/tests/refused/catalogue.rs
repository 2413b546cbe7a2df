//! The cases of OTP's catalogue where the compiler refuses what OTP notices when it runs, or never.

use crate::cargo::report;

/// Asserts that a wrong program has an error with this code, if it has one, and these words.
#[track_caller]
fn assert_refused(name: &str, code: Option<&str>, words: &str) {
    let report = report();
    let program = report.wrong.iter().find(|program| program.name == name);
    let program = program.unwrap_or_else(|| panic!("there is no program `{name}`"));
    let errors = report.errors(program);
    let is_expected = errors
        .iter()
        .any(|error| error.code.as_deref() == code && error.text.contains(words));
    let told: String = errors.iter().map(|error| error.rendered.as_str()).collect();
    assert!(
        is_expected,
        "`{name}` is not refused with {code:?} and \"{words}\":\n{told}"
    );
}

/// OTP: `bad_return_value`.
#[test]
fn gs_006_init_returns_self_or_a_result_only() {
    const WORDS: &str = "write `-> Self` or `-> Result<Self, E>`";
    assert_refused("init_returns_an_option", None, WORDS);
    assert_refused("init_returns_ok_tuple", None, WORDS);
    assert_refused("init_returns_nothing", None, WORDS);
    assert_refused(
        "by_hand_init_returns_self",
        Some("E0271"),
        "to be a future that resolves to `Result<",
    );
}

/// OTP: an argument error in the caller.
#[test]
fn gs_010_a_number_is_no_name() {
    assert_refused("name_is_a_number", Some("E0277"), "Name: From<");
}

/// OTP: the second answer must not be taken for the answer of a later call.
#[test]
fn gs_023_reply_to_answers_once() {
    assert_refused(
        "call_replies_twice",
        Some("E0382"),
        "use of moved value: `reply_to`",
    );
    assert_refused(
        "reply_to_is_borrowed",
        None,
        "a `ReplyTo` is used up by its answer",
    );
}

/// OTP: `bad_return_value`, for the server and for its caller.
#[test]
fn gs_025_a_call_handler_returns_its_answer_only() {
    assert_refused(
        "call_answers_reply_tuple",
        Some("E0308"),
        "mismatched types",
    );
    assert_refused("call_forgets_its_answer", Some("E0308"), "mismatched types");
    assert_refused(
        "call_replies_with_another_type",
        Some("E0308"),
        "mismatched types",
    );
    assert_refused("cast_returns_noreply", None, "a cast has no answer");
}

/// OTP: `badarg`.
#[test]
fn tm_008_a_negative_delay_is_no_duration() {
    assert_refused(
        "delay_is_negative",
        Some("E0600"),
        "cannot apply unary operator `-` to type `u64`",
    );
    assert_refused("delay_in_milliseconds", Some("E0308"), "mismatched types");
}

/// OTP: an argument error.
#[test]
fn rg_015_via_and_update_value_need_unique_keys() {
    assert_refused(
        "via_a_duplicate_registry",
        Some("E0308"),
        "mismatched types",
    );
    assert_refused(
        "update_value_of_a_duplicate_registry",
        Some("E0599"),
        "no method named `update_value` found",
    );
}

/// OTP: nobody can be named but oneself, as it is always the caller.
#[test]
fn rg_037_nobody_registers_another_process() {
    assert_refused(
        "pid_registers",
        Some("E0277"),
        "a registry of `Room` does not take `Pid`",
    );
    assert_refused(
        "another_server_registers",
        Some("E0277"),
        "a registry of `Room` does not take",
    );
}

/// OTP: the second await waits in vain, until its timeout.
#[test]
fn tk_014_a_task_is_awaited_once() {
    assert_refused(
        "task_is_awaited_twice",
        Some("E0382"),
        "use of moved value: `task`",
    );
}

/// OTP: an argument error, when the stream is built.
#[test]
fn tk_049_a_timeout_is_a_duration() {
    assert_refused("timeout_is_a_number", Some("E0308"), "mismatched types");
}

/// OTP: what a function of an agent returns is copied out. Here it is moved out, and a borrow cannot be.
#[test]
fn ag_002_an_agent_gives_nothing_of_its_state_that_it_keeps() {
    const WORDS: &str = "lifetime may not live long enough";
    assert_refused("agent_returns_a_borrow", None, WORDS);
    assert_refused(
        "agent_is_changed_by_get",
        Some("E0596"),
        "cannot borrow `*names` as mutable",
    );
}
