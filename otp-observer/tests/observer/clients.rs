//! Who may look in, and who is cut off.

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;

use crate::common::{Program, Vault, all_told, node, seen};
use otp_core::prelude::*;
use otp_core::testing::eventually;
use otp_observer::{Address, Client, Observer, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

const HELLO: &str = "{\"ask\": \"hello\", \"version\": 1}\n";

/// What is told to one that sends this.
async fn told(program: &Program, sent: &[u8]) -> String {
    let stream = UnixStream::connect(program.path()).await;
    let mut stream = stream.expect("it listens");
    let _ = stream.write_all(sent).await;
    all_told(stream).await
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_garbage_is_told_so_and_cut_off_and_disturbs_nobody() {
    let program = Program::start(|settings| settings).await;
    let mut other = program.watcher().await;
    let long = vec![b'['; 1 << 20];
    let deep = [HELLO.as_bytes(), &[b'['; 4000], b"\n"].concat();
    let hello = |rest: &str| format!("{HELLO}{rest}\n").into_bytes();
    for (sent, why) in [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "no request"),
        (vec![0xff, 0xfe, 0, b'\n'], "no request"),
        (b"\n".to_vec(), "no request"),
        (long, "too long"),
        (deep, "no request"),
        (hello("{\"ask\": \"reboot\"}"), "no request"),
        (hello("{\"ask\": \"kill\", \"pid\": 7}"), "no request"),
        (hello(HELLO), "hello comes once"),
        (b"{\"ask\": \"snapshot\"}\n".to_vec(), "hello comes first"),
        (
            b"{\"ask\": \"hello\", \"version\": 2}\n".to_vec(),
            "version 1 is spoken",
        ),
    ] {
        let told = told(&program, &sent).await;
        let last = told.lines().last().unwrap_or_default();
        assert!(
            last.contains("refused") && last.contains(why),
            "{why}: {told}"
        );
    }
    for _ in 0..2 {
        seen(&mut other, |_| true).await;
    }
    drop(other);
    eventually(async || node().processes().len() == 3).await;
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_cut_off() {
    let short = |settings: Settings| settings.idle_timeout(Duration::from_millis(100));
    let program = Program::start(short).await;
    assert!(told(&program, b"").await.contains("does not say who it is"));
    assert!(
        told(&program, b"{\"ask\"")
            .await
            .contains("does not say who it is")
    );
    assert!(
        told(&program, HELLO.as_bytes())
            .await
            .contains("asks nothing")
    );
    // Who watches asks enough.
    let mut watcher = program.watcher().await;
    for _ in 0..5 {
        seen(&mut watcher, |_| true).await;
    }
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_is_cut_off_and_disturbs_nobody() {
    let impatient = |settings: Settings| {
        settings
            .write_timeout(Duration::from_millis(200))
            .clients(2)
    };
    let program = Program::start(impatient).await;
    // Enough to see that it does not fit into what the system keeps.
    let mut vaults = Vec::new();
    for _ in 0..500 {
        vaults.push(Vault::start().await.unwrap());
    }
    let mut silent = UnixStream::connect(program.path()).await.unwrap();
    let watch = format!("{HELLO}{{\"ask\": \"watch\", \"every_ms\": 50}}\n");
    silent.write_all(watch.as_bytes()).await.unwrap();
    let mut other = program.watcher().await;
    seen(&mut other, |snapshot| snapshot.total > 500).await;
    // As long as it is there nobody else has a place.
    let refused = Client::connect(&program.address, None).await.unwrap_err();
    assert!(refused.to_string().contains("as many look in as may"));
    let third = eventually(async || Client::connect(&program.address, None).await.ok());
    let mut third = tokio::select! {
        third = third => third,
        never = read_on(&mut other) => match never {},
    };
    third.snapshot().await.unwrap();
    // What was sent before it was cut off is less than all, and then comes the end.
    let told = all_told(silent).await;
    assert!(told.starts_with("{\"tell\":\"hello\""));
    let before = seen(&mut other, |_| true).await.at_ms;
    let after = seen(&mut other, |_| true).await.at_ms;
    assert!(after > before);
    for vault in vaults {
        assert_eq!(vault.add(1).await, Ok(1));
        vault.stop().await.unwrap();
    }
    program.stop().await;
}

async fn read_on(client: &mut Client) -> Infallible {
    loop {
        seen(client, |_| true).await;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_network_the_token_has_to_be_shown() {
    let settings = Settings::tcp("127.0.0.1:0".parse().unwrap()).token("open sesame");
    let observer = Observer::start(settings).await.unwrap();
    let address = Observer::address(&observer).await.unwrap();
    for wrong in [None, Some(""), Some("open"), Some("open sesamE")] {
        let token = wrong.map(str::to_owned);
        let refused = Client::connect(&address, token).await.unwrap_err();
        assert_eq!(
            refused.kind(),
            std::io::ErrorKind::PermissionDenied,
            "{wrong:?}"
        );
    }
    let token = Some("open sesame".to_owned());
    let mut client = Client::connect(&address, token).await.unwrap();
    assert!(client.snapshot().await.unwrap().total > 0);
    observer.stop().await.unwrap();
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn beyond_this_machine_nothing_is_listened_at_without_a_token() {
    let everywhere = || Settings::tcp("0.0.0.0:0".parse().unwrap());
    let refused = Observer::start(everywhere()).await.unwrap_err();
    assert!(refused.to_string().contains("needs a token"), "{refused}");
    let observer = Observer::start(everywhere().token("secret")).await.unwrap();
    let address = Observer::address(&observer).await.unwrap();
    assert!(matches!(address, Address::Tcp(address) if address.ip().is_unspecified()));
    observer.stop().await.unwrap();
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn a_socket_is_its_owners_and_one_at_a_time() {
    let program = Program::start(|settings| settings).await;
    let mode = std::fs::metadata(program.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = Observer::start(Settings::unix(program.path()))
        .await
        .unwrap_err();
    assert!(second.to_string().contains("already"), "{second}");
    let path = program.path();
    let Program {
        directory,
        observer,
        ..
    } = program;
    observer.stop().await.unwrap();
    assert!(!path.exists());

    // One that was left behind is in nobody's way, and what is no socket is left alone.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    for _ in 0..10 {
        let observer = Observer::start(Settings::unix(&path)).await.unwrap();
        process::exit(&observer, ExitReason::Kill);
        observer.ended().await;
    }
    std::fs::write(&path, "mine").unwrap();
    assert!(Observer::start(Settings::unix(&path)).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    drop(directory);
}
