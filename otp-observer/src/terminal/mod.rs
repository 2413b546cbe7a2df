//! The terminal program: what is shown ([`App`], pure), how it is drawn ([`draw()`]), and the shell around both ([`run()`]).

mod app;
mod draw;
mod run;

pub use app::{App, Key, Reaction};
pub use draw::draw;
pub use run::run;
