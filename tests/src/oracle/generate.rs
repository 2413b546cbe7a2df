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
        Kind::Statem => Machine { rng }.lines(),
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

const EVENTS: usize = 9;
const STATES: [&str; 3] = ["a", "b", "c"];

/// A scenario of a state machine. An event refers to later ones only; each kind of timeout has a time of its own, so that
/// no two come at once.
struct Machine {
    rng: Rng,
}

impl Machine {
    fn lines(mut self) -> Vec<String> {
        let (enter, trap) = (self.rng.bool(), self.rng.bool());
        let mut lines = vec![format!("machine enter={enter} trap={trap}")];
        for event in 1..=EVENTS {
            let ops = self.event(event);
            lines.push(format!("event e{event} {ops}").trim_end().to_owned());
        }
        if enter {
            for state in STATES
                .iter()
                .filter(|_| self.rng.f64() < 0.6)
                .collect::<Vec<_>>()
            {
                let ops = self.enter();
                lines.push(format!("enter {state} {ops}").trim_end().to_owned());
            }
        }
        lines.push("events".to_owned());
        let start = self.start();
        lines.push(start);
        for client in 1..=self.rng.usize(10..=20) {
            self.act(client, &mut lines);
        }
        lines
    }

    /// An event after `event`; the last ones do the least.
    fn later(&mut self, event: usize) -> String {
        format!("e{}", self.rng.usize((event + 1).min(EVENTS)..=EVENTS))
    }

    fn state(&mut self) -> &'static str {
        pick(&mut self.rng, &STATES)
    }

    fn timeout(&mut self, event: usize) -> String {
        let to = self.later(event);
        let zero = self.rng.f64() < 0.25;
        let time = |time: u32| if zero { 0 } else { time };
        match weighted(&mut self.rng, &[24, 3, 5, 5, 14, 14, 12, 3, 5, 5]) {
            0 => format!("state:{}:{to}", time(17)),
            1 => format!("at:17:{to}"),
            2 => format!("state:update:{to}"),
            3 => pick(&mut self.rng, &["state:cancel", "state:infinity:e9"]).to_owned(),
            4 => format!("event:{}:{to}", time(41)),
            5 => format!("named:n:{}:{to}", time(73)),
            6 => format!("named:p:{}:{to}", time(109)),
            7 => format!("named:n:infinity:{to}"),
            8 => format!("named:n:update:{to}"),
            _ => format!("named:{}:cancel", pick(&mut self.rng, &["n", "p"])),
        }
    }

    fn event(&mut self, event: usize) -> String {
        let mut words = Vec::new();
        if self.rng.f64() < 0.55 {
            words.push(format!("next:{}", self.state()));
        } else if self.rng.f64() < 0.2 {
            words.push("repeat".to_owned());
        }
        // What timeouts bring sets none of some time: those would come at the same time as others.
        let is_leaf = event > EVENTS / 2;
        for _ in 0..self.rng.usize(0..=if is_leaf { 1 } else { 3 }) {
            words.push(
                match weighted(&mut self.rng, &[14, 14, 3, if is_leaf { 0 } else { 40 }, 4]) {
                    0 => format!("postpone:{}", self.state()),
                    1 => format!("insert:{}", self.later(event)),
                    2 => "unpostpone".to_owned(),
                    3 => self.timeout(event.max(EVENTS / 2)),
                    _ => format!("state:0:{}", self.later(event)),
                },
            );
        }
        words.retain(|word| {
            *word != format!("insert:e{event}") && *word != format!("state:0:e{event}")
        });
        match weighted(&mut self.rng, &[30, 26, 12, 14, 3, 1, 2, 2]) {
            1 => words.push("reply:v".to_owned()),
            2 => words.push(format!("keep:{}", self.rng.u32(1..=2))),
            3 => words.push(format!("answer:{}:late", self.rng.u32(1..=2))),
            4 => words.push(format!("stop:{}", pick(&mut self.rng, &REASONS))),
            5 => words.push(format!("exit:{}", pick(&mut self.rng, &REASONS[1..]))),
            6 => words.push(format!("panic:{}", pick(&mut self.rng, &["oops", "ouch"]))),
            7 => words.push(format!(
                "last_words:{}",
                pick(&mut self.rng, &["panic", "odd"])
            )),
            _ => {}
        }
        words.join(" ")
    }

    fn enter(&mut self) -> String {
        let mut words = Vec::new();
        for _ in 0..self.rng.usize(0..=2) {
            words.push(match weighted(&mut self.rng, &[30, 6, 1]) {
                0 => self.timeout(EVENTS / 2),
                1 => "answer:1:entered".to_owned(),
                _ => "stop:boom".to_owned(),
            });
        }
        words.join(" ")
    }

    fn start(&mut self) -> String {
        let state = self.state();
        let ops = match weighted(&mut self.rng, &[50, 20, 16, 3, 2, 2, 2]) {
            0 => String::new(),
            1 => self.timeout(EVENTS / 2),
            2 => format!("insert:{} insert:{}", self.later(2), self.later(4)),
            3 => "stop:boom".to_owned(),
            4 => "ignore".to_owned(),
            5 => "exit:boom".to_owned(),
            _ => "panic:oops".to_owned(),
        };
        format!("start {state} {ops}").trim_end().to_owned()
    }

    fn act(&mut self, client: usize, lines: &mut Vec<String>) {
        let event = format!("e{}", self.rng.usize(1..=EVENTS));
        let reason = pick(
            &mut self.rng,
            &["normal", "shutdown", "shutdown/drain", "boom", "kill"],
        );
        match weighted(&mut self.rng, &[38, 26, 10, 2, 2, 2, 12, 4, 3, 6]) {
            0 => {
                let within = if self.rng.f64() < 0.1 {
                    " within=15"
                } else {
                    ""
                };
                lines.push(format!("call c{client} {event}{within}"));
            }
            1 => lines.push(format!("cast {event}")),
            2 => lines.push(format!("info {event}")),
            3 => lines.push(format!("stop c{client} {}", pick(&mut self.rng, &REASONS))),
            4 => lines.push(format!("stranger {reason}")),
            5 => lines.push(format!("parent {reason}")),
            6 => {
                lines.push("suspend".to_owned());
                for queued in 0..self.rng.usize(1..=3) {
                    let event = format!("e{}", self.rng.usize(1..=EVENTS));
                    lines.push(match self.rng.usize(..3) {
                        0 => format!("call c{client}{queued} {event}"),
                        1 => format!("cast {event}"),
                        _ => format!("info {event}"),
                    });
                }
                lines.push("resume".to_owned());
            }
            7 => lines.push("get_state".to_owned()),
            8 => lines.push(format!("replace_state {}", self.state())),
            _ => {
                let start = self.start();
                lines.push(start);
            }
        }
        let last = lines.last().map_or("", String::as_str);
        if ["stop", "stranger", "parent"]
            .iter()
            .any(|word| last.starts_with(word))
        {
            let start = self.start();
            lines.push(start);
        }
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
