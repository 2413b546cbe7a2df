//! The program of a contender: a crate that is written below the target directory.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::contender::Contender;

/// What all of them begin with.
const MAIN: &str = include_str!("../../../compile/main.rs");

/// A crate with a module for each server.
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) directory: PathBuf,
}

impl Program {
    /// Writes the crate of `servers` servers.
    pub(crate) fn write(contender: Contender, servers: usize) -> Result<Self, String> {
        let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = Program {
            package: format!("compile-{}", contender.name()),
            directory: benches.join("../target/compile").join(contender.name()),
        };
        let sources = program.directory.join("src");
        // Of a run with more servers nothing is to be left.
        let _ = std::fs::remove_dir_all(&sources);
        std::fs::create_dir_all(&sources).map_err(|error| failed(&sources, &error))?;
        let write = |name: &str, text: &str| {
            let path = program.directory.join(name);
            std::fs::write(&path, text).map_err(|error| failed(&path, &error))
        };
        let lock = benches.join(contender.lock());
        let lock = std::fs::read_to_string(&lock).map_err(|error| failed(&lock, &error))?;
        write("Cargo.lock", &lock)?;
        write("Cargo.toml", &program.manifest(contender, benches))?;
        for server in 0..servers {
            write(
                &format!("src/server_{server}.rs"),
                &numbered(contender.server(), server),
            )?;
        }
        write("src/main.rs", &main(contender, servers))?;
        Ok(program)
    }

    fn manifest(&self, contender: Contender, benches: &Path) -> String {
        let otp_core = benches.join("../otp-core");
        let dependencies = contender
            .dependencies()
            .replace("{otp-core}", &otp_core.display().to_string());
        let package = &self.package;
        format!(
            "[package]\n\
             name = \"{package}\"\n\
             version = \"0.1.0\"\n\
             edition = \"2024\"\n\
             \n\
             [dependencies]\n\
             {dependencies}\n\
             tokio = {{ version = \"1.54.1\", features = [\"rt-multi-thread\"] }}\n\
             \n\
             [profile.release]\n\
             strip = \"symbols\"\n\
             \n\
             [workspace]\n"
        )
    }
}

/// `server` with another number than 0: what no two servers have in common.
fn numbered(server: &str, number: usize) -> String {
    server.replacen(
        "const NUMBER: i64 = 0;",
        &format!("const NUMBER: i64 = {number};"),
        1,
    )
}

fn main(contender: Contender, servers: usize) -> String {
    let mut text = MAIN.to_owned();
    let mut run =
        "\nasync fn run() -> Result<(), Box<dyn std::error::Error>> {\n    let mut sum = 0;\n"
            .to_owned();
    for server in 0..servers {
        // Writing to a string does not fail.
        let _ = writeln!(text, "mod server_{server};");
        let _ = writeln!(run, "    sum += server_{server}::used().await?;");
    }
    run.push_str("    println!(\"{sum}\");\n    Ok(())\n}\n\n");
    text + &run + contender.main()
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
