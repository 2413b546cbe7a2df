//! The programs of `pass` run, each as a module of this test.
//!
//! `hygiene_deny_lints` is a test of its own, where clippy sees it as a crate. That they compile without a warning as
//! programs of their own, `tests/refused` says; so it does of those that need another edition, or another name for
//! otp-core.

#[path = "../pass/hygiene_attributes.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod attributes;

#[path = "../pass/hygiene_cfgs.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod cfgs;

#[path = "../pass/hygiene_colliding_names.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod colliding_names;

#[path = "../pass/hygiene_crate_path.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod crate_path;

#[path = "../pass/hygiene_generics.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod generics;

#[path = "../pass/hygiene_in_a_function_body.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod in_a_function_body;

#[path = "../pass/hygiene_in_a_nested_module.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod in_a_nested_module;

#[path = "../pass/hygiene_in_macro_rules.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod in_macro_rules;

#[path = "../pass/hygiene_machines.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod machines;

#[path = "../pass/hygiene_no_implicit_prelude.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod no_implicit_prelude;

#[path = "../pass/hygiene_private_types.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod private_types;

#[path = "../pass/hygiene_protocols.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod protocols;

#[path = "../pass/hygiene_raw_identifiers.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod raw_identifiers;

#[path = "../pass/hygiene_self_types.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod self_types;

#[path = "../pass/hygiene_shapes.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod shapes;

#[path = "../pass/hygiene_trees.rs"]
#[allow(
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    reason = "what a program writes is odd on purpose"
)]
mod trees;

/// One test for each program, which runs it.
macro_rules! run {
    ($($program:ident,)*) => {
        mod runs {
            $(
                #[test]
                fn $program() {
                    super::$program::main();
                }
            )*
        }
    };
}

run! {
    attributes,
    cfgs,
    colliding_names,
    crate_path,
    generics,
    in_a_function_body,
    in_a_nested_module,
    in_macro_rules,
    machines,
    no_implicit_prelude,
    private_types,
    protocols,
    raw_identifiers,
    self_types,
    shapes,
    trees,
}
