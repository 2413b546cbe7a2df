//! The machine as a Mermaid state diagram, in the documentation and as text.

use std::fmt::Write as _;

use proc_macro2::TokenStream;
use quote::quote;

use crate::gen_server::model::Server;
use crate::gen_statem::ast::On;
use crate::gen_statem::model::{Event, Handler, Machine};

/// `impl Turnstile { pub const DIAGRAM: &str = "stateDiagram-v2 …"; }`
pub(super) fn diagram(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let cfgs: Vec<_> = server.cfgs().collect();
    let (generics, _, where_clause) = machine.block.header.generics.split_for_impl();
    let server_type = &server.names.server_type;
    let text = text(machine);
    let doc = format!("The states and what leads from one to another.\n\n```mermaid\n{text}```");
    let vis = &machine.states.item.vis;
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code, unreachable_pub)]
        impl #generics #server_type #where_clause {
            #[doc = "The states as a Mermaid state diagram."]
            #vis const DIAGRAM: &'static #rt::core::primitive::str = #text;
        }
    }
}

fn text(machine: &Machine<'_>) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    let mut line = |line: String| {
        // A string takes everything.
        let _ = writeln!(text, "    {line}");
    };
    if let Some(initial) = machine.states.initial() {
        line(format!("[*] --> {}", initial.name));
    }
    for from in machine.states.names() {
        for event in &machine.events {
            let Some(handler) = machine.handler(event, from) else {
                continue;
            };
            for to in handler.targets.iter().flat_map(|targets| &targets.states) {
                line(format!("{from} --> {to}: {}", label(event, handler)));
            }
        }
    }
    for state in machine.states.names() {
        let postponed = machine
            .events
            .iter()
            .filter(|event| machine.is_postponed(event, state));
        let ignored = machine
            .events
            .iter()
            .filter(|event| machine.is_ignored(event, state));
        let postponed: Vec<String> = postponed.map(|event| event.name.to_string()).collect();
        let ignored: Vec<String> = ignored.map(|event| event.name.to_string()).collect();
        for (what, events) in [("postpones", postponed), ("ignores", ignored)] {
            if !events.is_empty() {
                line(format!(
                    "note right of {state}: {what} {}",
                    events.join(", ")
                ));
            }
        }
    }
    text
}

/// `coin`, `too_late (5s)`.
fn label(event: &Event<'_>, handler: &Handler<'_>) -> String {
    match handler.time {
        Some(time) if time % 1000 == 0 => format!("{} ({}s)", event.name, time / 1000),
        Some(time) => format!("{} ({time}ms)", event.name),
        None => event.name.to_string(),
    }
}

/// The states that a handler names, for what is armed where.
pub(super) fn own_states<'a>(handler: &'a Handler<'_>) -> impl Iterator<Item = &'a syn::Ident> {
    handler.on.iter().filter_map(|on| match on {
        On::State { name, .. } => Some(name),
        On::Any(_) => None,
    })
}
