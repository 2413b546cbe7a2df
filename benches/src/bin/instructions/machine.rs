//! What counts depend on beside the code.

use std::process::Command;

/// The versions of everything that has a say in how many instructions are executed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine(Vec<(&'static str, String)>);

impl Machine {
    /// The names of its properties, as they stand in the record.
    pub(crate) const PROPERTIES: [&str; 4] = ["rustc", "valgrind", "libc", "target"];

    /// This one. An error if there is no valgrind, or what else it lacks.
    pub(crate) fn present() -> Result<Self, String> {
        let [rustc, valgrind, libc, target] = Machine::PROPERTIES;
        Ok(Machine(vec![
            // Under cargo it is the compiler that this was built with.
            (rustc, version("rustc", "-V")?),
            (valgrind, version("valgrind", "--version")?),
            (libc, version("getconf", "GNU_LIBC_VERSION")?),
            (
                target,
                format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            ),
        ]))
    }

    pub(crate) fn new(properties: Vec<(&'static str, String)>) -> Self {
        Machine(properties)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// In what this one differs from another one.
    pub(crate) fn differences(&self, recorded: &Machine) -> Vec<String> {
        let of = |wanted: &str| recorded.iter().find(|(name, _)| *name == wanted);
        self.iter()
            .filter_map(|(name, value)| {
                let recorded = of(name).map_or("unknown", |(_, value)| value);
                (recorded != value).then(|| format!("{name} is {value} and not {recorded}"))
            })
            .collect()
    }
}

fn version(program: &str, argument: &str) -> Result<String, String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.map_err(|error| format!("{program} does not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(format!("{program} {argument} says nothing"));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn machines_differ_in_what_is_another_or_missing() {
        let of = |rustc: &str, valgrind: &str| {
            let properties = [("rustc", rustc), ("valgrind", valgrind)];
            Machine::new(
                properties
                    .map(|(name, value)| (name, value.to_owned()))
                    .into(),
            )
        };
        let machine = of("1.95", "3.19");
        assert!(machine.differences(&of("1.95", "3.19")).is_empty());
        assert_eq!(
            machine.differences(&of("1.95", "3.25")),
            ["valgrind is 3.19 and not 3.25"]
        );
        assert_eq!(machine.differences(&Machine::new(Vec::new())).len(), 2);
    }
}
