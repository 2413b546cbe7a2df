//! Draws a random scenario, the same one for the same kind and seed.

use fastrand::Rng;

use super::Kind;

/// The scenario of a seed.
#[must_use]
pub fn generate(kind: Kind, seed: u64) -> String {
    let mut rng = Rng::with_seed(seed);
    let lines = match kind {
        Kind::Signals => signals(&mut rng),
        Kind::Server => Server { rng, kept: 0 }.lines(),
        Kind::Supervisor => Forest::new(rng).lines(),
    };
    lines.join("\n") + "\n"
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// Picks an index by weight.
fn weighted(rng: &mut Rng, weights: &[usize]) -> usize {
    let mut left = rng.usize(..weights.iter().sum::<usize>());
    for (index, weight) in weights.iter().enumerate() {
        if left < *weight {
            return index;
        }
        left -= weight;
    }
    weights.len() - 1
}

fn signals(rng: &mut Rng) -> Vec<String> {
    let mut processes: Vec<String> = "abcdefgh"
        .chars()
        .take(rng.usize(3..=8))
        .map(String::from)
        .collect();
    let mut lines: Vec<String> = processes
        .iter()
        .map(|id| format!("proc {id} trap={}", rng.f64() < 0.4))
        .collect();
    lines.push("events".to_owned());
    let mut spawned = 0;
    for _ in 0..rng.usize(10..=28) {
        let a = processes[rng.usize(..processes.len())].clone();
        let b = processes[rng.usize(..processes.len())].clone();
        let reason = pick(
            rng,
            &[
                "normal",
                "boom",
                "bang",
                "shutdown",
                "shutdown:drain",
                "kill",
            ],
        );
        let name = pick(rng, &["n1", "n2", "n3"]);
        let kind = weighted(rng, &[30, 18, 6, 5, 8, 14, 5, 6, 4, 6, 5, 2, 3]);
        let mut fresh = || {
            spawned += 1;
            processes.push(format!("x{spawned}"));
            format!("x{spawned} trap={}", rng.bool())
        };
        lines.push(match kind {
            0 => format!("link {a} {b}"),
            1 => format!("monitor {a} {b}"),
            2 => format!("unlink {a} {b}"),
            3 => format!("demonitor {a} {b}"),
            4 => format!("exit {a} {reason}"),
            5 => format!("signal {a} {b} {reason}"),
            6 => format!("trap {a} {}", rng.bool()),
            7 => format!("spawn_link {a} {}", fresh()),
            8 => format!("spawn_monitor {a} {}", fresh()),
            9 => format!("register {a} {name}"),
            10 => format!("monitor_name {a} {name}"),
            11 => format!("unregister {name}"),
            _ => format!("whereis {name}"),
        });
    }
    lines
}

const REASONS: [&str; 4] = ["normal", "shutdown", "shutdown/drain", "boom"];

struct Server {
    rng: Rng,
    kept: u32,
}

impl Server {
    fn lines(mut self) -> Vec<String> {
        let servers = if self.rng.bool() {
            &["s", "t"][..]
        } else {
            &["s"][..]
        };
        let mut lines: Vec<String> = servers.iter().map(|name| self.start(name)).collect();
        let mut client = 0;
        for _ in 0..self.rng.usize(10..=22) {
            let name = pick(&mut self.rng, servers);
            client += 1;
            let kind = weighted(&mut self.rng, &[38, 18, 8, 4, 4, 4, 16, 5, 3]);
            match kind {
                0 => {
                    let within = if self.rng.f64() < 0.15 {
                        "within=15 "
                    } else {
                        ""
                    };
                    lines.push(format!("call c{client} {name} {within}{}", self.ops(true)));
                }
                1 => lines.push(format!("cast {name} {}", self.ops(false))),
                2 => lines.push(format!("info {name} {}", self.ops(false))),
                3 => lines.push(format!(
                    "stop c{client} {name} {}",
                    pick(&mut self.rng, &REASONS)
                )),
                4 | 5 => {
                    let who = if kind == 4 { "stranger" } else { "parent" };
                    let reason = pick(
                        &mut self.rng,
                        &["normal", "shutdown", "shutdown/drain", "boom", "kill"],
                    );
                    lines.push(format!("{who} {name} {reason}"));
                }
                6 => {
                    lines.push(format!("suspend {name}"));
                    for _ in 0..self.rng.usize(2..=4) {
                        client += 1;
                        let line = match self.rng.usize(..3) {
                            0 => format!("call c{client} {name} {}", self.ops(true)),
                            1 => format!("cast {name} {}", self.ops(false)),
                            _ => format!("info {name} {}", self.ops(false)),
                        };
                        lines.push(line);
                    }
                    lines.push(format!("resume {name}"));
                }
                7 => {
                    let start = self.start(name);
                    lines.push(start);
                }
                _ => lines.push("wait 70".to_owned()),
            }
            let last = lines.last().map_or("", String::as_str);
            let deadly = (3..=5).contains(&kind)
                || ["stop", "exit:", "panic:"]
                    .iter()
                    .any(|word| last.contains(word));
            if deadly && self.rng.f64() < 0.8 {
                let start = self.start(name);
                lines.push(start);
            }
        }
        lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    fn start(&mut self, name: &str) -> String {
        let inits = [
            "",
            "continue:1",
            "timeout:15",
            "note:i",
            "after:20:i",
            "stop:boom",
            "stop:normal",
            "ignore",
            "exit:boom",
            "panic:oops",
            "note:i continue:0",
        ];
        let trap = self.rng.bool();
        let init = inits[weighted(&mut self.rng, &[40, 8, 6, 6, 4, 3, 2, 3, 2, 3, 8])];
        format!("start {name} trap={trap} {init}")
    }

    fn ops(&mut self, call: bool) -> String {
        let rng = &mut self.rng;
        let mut words = Vec::new();
        if rng.bool() {
            words.push(format!("log:{}", pick(rng, &["x", "y", "z"])));
        }
        for _ in 0..[0, 1, 1, 2, 2, 3][rng.usize(..6)] {
            words.push(match weighted(rng, &[30, 16, 8, 22, 10, 2]) {
                0 => format!("note:{}", pick(rng, &["p", "q", "r"])),
                1 => format!(
                    "after:{}:{}",
                    pick(rng, &["20", "40", "60"]),
                    pick(rng, &["t", "u", "v"])
                ),
                2 => format!("trap:{}", rng.bool()),
                3 => format!("answer:{}:late", rng.u32(1..=3)),
                4 => "sleep:30".to_owned(),
                _ => format!("last_words:{}", pick(rng, &["panic", "odd"])),
            });
        }
        if call {
            self.kept = self.kept % 3 + 1;
            words.push(match weighted(rng, &[50, 22, 4, 12]) {
                0 => "reply:v".to_owned(),
                1 => format!("keep:{}", self.kept),
                2 => "noreply".to_owned(),
                _ => "answer_now:w".to_owned(),
            });
        }
        match weighted(rng, &[52, 18, 18, 5, 3, 3]) {
            0 => {}
            1 => words.push(format!(
                "continue:{}",
                pick(rng, &["0", "1", "1", "2", "2", "stop"])
            )),
            2 => words.push(format!("timeout:{}", pick(rng, &["0", "15", "35"]))),
            3 => words.push(format!("stop:{}", pick(rng, &REASONS))),
            4 => words.push(format!("exit:{}", pick(rng, &REASONS[1..]))),
            _ => words.push(format!("panic:{}", pick(rng, &["oops", "ouch"]))),
        }
        words.join(" ")
    }
}

/// A supervision scenario as it grows.
struct Forest {
    rng: Rng,
    lines: Vec<String>,
    workers: Vec<String>,
    supervisors: Vec<String>,
    named: usize,
}

impl Forest {
    fn new(rng: Rng) -> Self {
        Forest {
            rng,
            lines: Vec::new(),
            workers: Vec::new(),
            supervisors: Vec::new(),
            named: 0,
        }
    }

    fn name(&mut self) -> String {
        let letters = "abcdefghijkmnpqrstuvwxyz";
        let (round, letter) = (self.named / letters.len(), self.named % letters.len());
        self.named += 1;
        let letter = &letters[letter..=letter];
        if round == 0 {
            letter.to_owned()
        } else {
            format!("{letter}{round}")
        }
    }

    fn worker_options(&mut self, auto_shutdown: &str) -> String {
        let rng = &mut self.rng;
        let restart = pick(rng, &["permanent", "transient", "transient", "temporary"]);
        let shutdowns = ["5000", "5000", "5000", "infinity", "brutal_kill", "60"];
        let shutdown = pick(rng, &shutdowns);
        let trap = rng.f64() < 0.7;
        let mut options = format!("restart={restart} shutdown={shutdown} trap={trap}");
        if trap && shutdown == "60" && rng.f64() < 0.6 {
            options.push_str(" linger=250");
        }
        if auto_shutdown != "never" && restart != "permanent" && rng.bool() {
            options.push_str(" significant=true");
        }
        options
    }

    fn tree(&mut self, depth: usize, name: &str, own: &str) {
        let strategy = pick(
            &mut self.rng,
            &["one_for_one", "one_for_all", "rest_for_one"],
        );
        let modes = [
            "never",
            "never",
            "never",
            "any_significant",
            "all_significant",
        ];
        let auto = pick(&mut self.rng, &modes);
        let intensity = [0, 1, 2, 3, 3, 5][self.rng.usize(..6)];
        let indent = "  ".repeat(depth);
        self.lines.push(format!(
            "{indent}sup {name} {own}strategy={strategy} intensity={intensity} auto_shutdown={auto}"
        ));
        self.supervisors.push(name.to_owned());
        let children = if depth < 2 {
            self.rng.usize(1..=4)
        } else {
            self.rng.usize(0..=3)
        };
        for _ in 0..children {
            let child = self.name();
            if depth < 2 && self.rng.f64() < 0.28 {
                let restarts = ["permanent", "permanent", "transient", "temporary"];
                let restart = pick(&mut self.rng, &restarts);
                let can_be = auto != "never" && restart != "permanent";
                let significant = if can_be && self.rng.f64() < 0.4 {
                    " significant=true"
                } else {
                    ""
                };
                let own = format!("restart={restart}{significant} ");
                self.tree(depth + 1, &format!("s{child}"), &own);
            } else {
                let options = self.worker_options(auto);
                self.lines
                    .push(format!("{indent}  worker {child} {options}"));
                self.workers.push(child);
            }
        }
    }

    fn one_of(&mut self, from: &[String]) -> String {
        match from {
            [] => "nobody".to_owned(),
            from => from[self.rng.usize(..from.len())].clone(),
        }
    }

    /// Never kills a supervisor: its orphans would race its restart, and there would be no one answer.
    fn event(&mut self) -> String {
        let workers = self.workers.clone();
        let below_the_root = self.supervisors.iter().skip(1).cloned();
        let everyone: Vec<String> = workers.iter().cloned().chain(below_the_root).collect();
        let supervisors = self.supervisors.clone();
        let (child, worker) = (self.one_of(&everyone), self.one_of(&workers));
        let supervisor = self.one_of(&supervisors);
        match weighted(&mut self.rng, &[40, 10, 6, 8, 8, 5, 6, 3, 9, 3]) {
            0 => {
                let reasons = [
                    "normal",
                    "shutdown",
                    "shutdown:drain",
                    "boom",
                    "boom",
                    "boom",
                ];
                format!("exit {worker} {}", pick(&mut self.rng, &reasons))
            }
            1 => format!("kill {worker}"),
            2 => {
                let reasons = ["boom", "shutdown", "normal"];
                format!("signal {worker} {}", pick(&mut self.rng, &reasons))
            }
            3 => format!("terminate_child {supervisor} {child}"),
            4 => format!("restart_child {supervisor} {child}"),
            5 => format!("delete_child {supervisor} {child}"),
            6 => {
                let id = if self.rng.bool() { worker } else { self.name() };
                let auto = pick(&mut self.rng, &["never", "any_significant"]);
                let options = self.worker_options(auto);
                self.workers.push(id.clone());
                format!("start_child {supervisor} worker {id} {options}")
            }
            7 => format!("count_children {supervisor}"),
            8 => format!("fail_next {child} {}", [1, 1, 2, 9][self.rng.usize(..4)]),
            _ => format!("ignore_next {child} 1"),
        }
    }

    fn lines(mut self) -> Vec<String> {
        self.tree(0, "root", "");
        self.lines.push("events".to_owned());
        for _ in 0..self.rng.usize(5..=14) {
            let event = self.event();
            self.lines.push(event);
        }
        let reason = pick(&mut self.rng, &["shutdown", "normal", "boom"]);
        self.lines.push(format!("stop root {reason}"));
        self.lines
    }
}
