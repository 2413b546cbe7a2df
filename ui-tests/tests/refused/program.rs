//! A program of `fail` or `pass`, and what it says of itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file.
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The first line, without its `//!`.
    pub(crate) sentence: Option<String>,
    /// `//@ errors: 2, because …`; 1 without it.
    pub(crate) errors: usize,
    /// `//@ edition: 2021`.
    pub(crate) edition: String,
    /// `//@ otp-core as: otp`, the name under which the program knows otp-core.
    pub(crate) library: String,
    /// The lines, from 1, that end in `//~`.
    pub(crate) marked: BTreeSet<u64>,
}

/// The programs of all folders of `fail`.
pub(crate) fn wrong_programs() -> Vec<Program> {
    let fail = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let folders = fs::read_dir(&fail).unwrap_or_else(|error| panic!("{}: {error}", fail.display()));
    let mut folders: Vec<PathBuf> = folders
        .map(|folder| folder.expect("the folder can be read").path())
        .collect();
    folders.sort();
    let names = folders.iter().filter_map(|folder| folder.file_name());
    names
        .flat_map(|name| programs(Path::new("fail").join(name)))
        .collect()
}

/// The programs of a folder of this crate, by name.
pub(crate) fn programs(folder: impl AsRef<Path>) -> Vec<Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut programs: Vec<Program> = files
        .map(|file| file.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(Program::read)
        .collect();
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs
}

impl Program {
    /// A name that no other program has, in whichever folder.
    pub(crate) fn binary(&self) -> String {
        let folder = self.path.parent().and_then(Path::file_name);
        let folder = folder.expect("a program is in a folder").to_string_lossy();
        format!("{folder}_{}", self.name)
    }

    fn read(path: PathBuf) -> Self {
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let option = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| {
                line.strip_prefix("//@ ")?
                    .strip_prefix(key)?
                    .strip_prefix(": ")
            })
        };
        let number = |value: &str| value.split(',').next()?.parse().ok();
        let name = path.file_stem().expect("a program has a name");
        Program {
            name: name.to_string_lossy().into_owned(),
            sentence: text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("//! "))
                .map(str::to_owned),
            errors: option("errors").map_or(1, |value| {
                number(value).expect("`//@ errors: n, because …`")
            }),
            edition: option("edition").unwrap_or("2024").to_owned(),
            library: option("otp-core as").unwrap_or("otp-core").to_owned(),
            marked: (1..)
                .zip(text.lines())
                .filter(|(_, line)| line.ends_with("//~"))
                .map(|(number, _)| number)
                .collect(),
            path,
        }
    }
}
