//! A small crate that depends on otp-core, on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The text of the crate that the editor opens.
pub(crate) const TEXT: &str = include_str!("program/lib.rs");

/// A crate of one file.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
}

impl Project {
    /// Writes the crate.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let root = root.expect("ui-tests is a member of a workspace");
        let core = root.join("otp-core");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join("editor").join(name);
        let file = folder.join("src").join("lib.rs");
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
             [dependencies.otp-core]\npath = {core:?}\ndefault-features = false\n\
             features = [\"macros\", \"rt-multi-thread\", \"test-util\"]\n\n[workspace]\n"
        );
        // Cargo leaves out what this crate does not need, and needs no network for the rest.
        let lock = fs::read_to_string(root.join("Cargo.lock"));
        let lock = lock.expect("the workspace has a lock file");
        write(&folder.join("Cargo.toml"), &manifest);
        write(&folder.join("Cargo.lock"), &lock);
        write(&file, text);
        Project { folder, file }
    }

    /// Where it is built: beside the workspace's own artifacts, so that nobody waits for anybody.
    pub(crate) fn target(&self) -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        target.unwrap_or(&self.folder).join("tests").join("editor")
    }

    /// What the compiler says of it, without the network if that will do; nothing if it is right.
    pub(crate) fn mistakes(&self) -> String {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut told = String::new();
        for offline in [Some("--offline"), None] {
            let output = Command::new(&cargo)
                .args(["check", "--quiet"])
                .args(offline)
                .arg("--target-dir")
                .arg(self.target())
                .current_dir(&self.folder)
                .output()
                .expect("cargo runs");
            if output.status.success() {
                return String::new();
            }
            told = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        told
    }
}

fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
