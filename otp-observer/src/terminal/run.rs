//! The shell of the terminal program: keys from a thread, what the program tells from the socket.

use std::io;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use super::app::{App, Key, Reaction};
use super::draw::draw;
use crate::client::Client;
use crate::wire::Request;

/// Shows a program until it ends or one has enough.
///
/// # Errors
///
/// The terminal or the connection fails.
///
/// # Cancel safety
///
/// Dropped, the terminal is as it was.
///
/// # Examples
///
/// ```no_run
/// use otp_observer::{Client, terminal};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let client = Client::connect(&"/run/shop.sock".parse().unwrap(), None).await?;
/// terminal::run(client, 1000).await?;
/// # Ok(())
/// # }
/// ```
pub async fn run(mut client: Client, every_ms: u64) -> io::Result<()> {
    client.ask(&Request::Watch { every_ms }).await?;
    let mut terminal = ratatui::try_init()?;
    let _restored = Restored;
    let mut keys = keys();
    let mut app = App::default();
    let mut is_connected = true;
    loop {
        terminal.draw(|frame| draw(&app, frame))?;
        tokio::select! {
            told = client.next(), if is_connected => match told {
                Ok(told) => app.on_tell(told),
                Err(error) => {
                    is_connected = false;
                    app.note(ended(&error));
                }
            },
            event = keys.recv() => {
                // The terminal has gone.
                let Some(event) = event else { return Ok(()) };
                let Some(key) = key(&event) else { continue };
                match app.on_key(key) {
                    Reaction::Nothing => {}
                    Reaction::Quit => return Ok(()),
                    Reaction::Ask(request) if is_connected => client.ask(&request).await?,
                    Reaction::Ask(_) => app.note("the program has ended"),
                }
            }
        }
    }
}

fn ended(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the program has ended; q quits".to_owned(),
        _ => format!("the connection has ended: {error}; q quits"),
    }
}

/// Puts the terminal back.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What comes from the terminal. The thread ends with the program: nothing can wake it.
fn keys() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                break;
            }
        }
    });
    receiver
}

/// None of what means nothing, except that it is drawn anew.
fn key(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else {
        return None;
    };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if is_control => Key::Char('q'),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Tab => Key::Tab,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        _ => return None,
    })
}
