//! Makes answers up, by the grammar of each protocol and by mutation, asks the library's own code whether each is healthy,
//! and compares that with a second reading which shares nothing with it. Answer N depends on the seed and on N alone.
//!
//! `make answers` runs it: ANSWERS says how many, SEED which, and ANSWER=N shows one of them.

mod frames;
mod hpack;
mod http1;
mod http2;
mod mutate;
mod random;
mod services;

use std::any::Any;
use std::collections::BTreeMap;
use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use random::Random;

/// One answer, and the question that it answers.
pub struct Case {
    /// lprobe's arguments.
    pub question: String,
    pub answer: Vec<u8>,
    /// How many bytes arrive at a time.
    pub pieces: Vec<usize>,
    /// The number of the question, and what asks it. Returns whether lprobe says healthy. Panics if that is wrong.
    pub which: usize,
    pub ask: fn(usize, &[u8], &[usize]) -> bool,
}

/// A kind of answers.
struct Kind {
    name: &'static str,
    /// How many of a hundred answers are of this kind.
    share: usize,
    make: fn(&mut Random) -> Case,
}

const KINDS: &[Kind] = &[
    Kind { name: "HTTP/1.1", share: 35, make: http1::case },
    Kind { name: "HTTP/2", share: 25, make: http2::http_case },
    Kind { name: "gRPC", share: 20, make: http2::grpc_case },
    Kind { name: "services", share: 15, make: services::case },
    Kind { name: "text", share: 4, make: services::text_case },
    // In a real socket, each takes forty times as long.
    Kind { name: "text by UDP", share: 1, make: services::datagram_case },
];

/// The CPU time that no answer may take. It is ten times what the worst one takes.
const SLOW: Duration = Duration::from_millis(50);

/// How long an answer may take before it counts as one that never ends.
const STUCK: Duration = Duration::from_secs(30);

/// What came of many answers.
#[derive(Default)]
struct Tally {
    /// How many there were of each kind, and how many were healthy.
    kinds: [(u64, u64); KINDS.len()],
    worst: (Duration, u64),
    /// What was wrong, how often, and the first answer of which it was.
    wrong: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (sum, (made, healthy)) in self.kinds.iter_mut().zip(other.kinds) {
            *sum = (sum.0 + made, sum.1 + healthy);
        }
        self.worst = self.worst.max(other.worst);
        for (reason, (count, first)) in other.wrong {
            let known = self.wrong.entry(reason).or_insert((0, first));
            *known = (known.0 + count, known.1.min(first));
        }
    }

    /// Tries answer `number`.
    fn try_one(&mut self, seed: u64, number: u64) {
        let (kind, case) = make(seed, number);
        let begin = ThreadTime::now();
        let verdict = panic::catch_unwind(AssertUnwindSafe(|| (case.ask)(case.which, &case.answer, &case.pieces)));
        let took = begin.elapsed();
        self.worst = self.worst.max((took, number));
        self.kinds[kind].0 += 1;
        let wrong = match verdict {
            Ok(healthy) => {
                self.kinds[kind].1 += u64::from(healthy);
                (took > SLOW).then(|| "it takes too long".into())
            }
            Err(panic) => Some(words(&*panic)),
        };
        if let Some(reason) = wrong {
            let reason = format!("{}, {}: {reason}", KINDS[kind].name, case.question);
            self.wrong.entry(reason).or_insert((0, number)).0 += 1;
        }
    }
}

/// Makes answer `number`, and returns its kind too.
fn make(seed: u64, number: u64) -> (usize, Case) {
    let mut random = Random::new(seed, number);
    let mut place = random.below(KINDS.iter().map(|kind| kind.share).sum());
    let mut kind = 0;
    while place >= KINDS[kind].share {
        place -= KINDS[kind].share;
        kind += 1;
    }
    (kind, (KINDS[kind].make)(&mut random))
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// Shows answer `number`.
fn show(seed: u64, number: u64) {
    let (kind, Case { question, answer, pieces, .. }) = make(seed, number);
    let pieces: Vec<_> =
        pieces.iter().map(|&piece| if piece == usize::MAX { "all".into() } else { piece.to_string() }).collect();
    println!(
        "answer {number} of seed {seed}: {}, to {question}, in pieces of {} bytes",
        KINDS[kind].name,
        pieces.join(", ")
    );
    println!("{}", answer.escape_ascii());
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// A number with commas.
fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

fn main() -> ExitCode {
    let seed: u64 = variable("SEED").unwrap_or(1);
    // What goes wrong is told below, once for each reason.
    panic::set_hook(Box::new(|_| ()));
    if let Some(number) = variable("ANSWER") {
        show(seed, number);
        let mut tally = Tally::default();
        tally.try_one(seed, number);
        return report(seed, &tally, Instant::now());
    }
    let answers: u64 = variable("ANSWERS").unwrap_or(10_000_000);
    let begin = Instant::now();
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let at: Vec<AtomicU64> = (0..threads).map(AtomicU64::new).collect();
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let at = &at[worker as usize];
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for number in (worker..answers).step_by(threads as usize) {
                        at.store(number, Relaxed);
                        tally.try_one(seed, number);
                    }
                    at.store(u64::MAX, Relaxed);
                    tally
                })
            })
            .collect();
        watch(seed, &at);
        workers.into_iter().for_each(|worker| tally.add(worker.join().expect("it catches panics")));
    });
    report(seed, &tally, begin)
}

/// Waits until all are done. Ends the program where an answer never ends.
fn watch(seed: u64, at: &[AtomicU64]) {
    let now = || at.iter().map(|number| number.load(Relaxed)).collect::<Vec<_>>();
    let (mut seen, mut since) = (now(), Instant::now());
    while seen.iter().any(|&number| number != u64::MAX) {
        thread::sleep(Duration::from_millis(100));
        let numbers = now();
        let stuck = numbers.iter().zip(&seen).find(|&(number, before)| number == before && *number != u64::MAX);
        match stuck {
            Some((&number, _)) if since.elapsed() > STUCK => {
                show(seed, number);
                println!("answers: answer {number} of seed {seed} never ends");
                std::process::exit(1);
            }
            Some(_) => {}
            None => (seen, since) = (numbers, Instant::now()),
        }
    }
}

fn report(seed: u64, tally: &Tally, begin: Instant) -> ExitCode {
    for (reason, &(count, first)) in &tally.wrong {
        println!("\n{reason}");
        show(seed, first);
        println!("{} such answers; again: SEED={seed} ANSWER={first} make answers", with_commas(count));
    }
    let kinds: Vec<_> = KINDS
        .iter()
        .zip(&tally.kinds)
        .map(|(Kind { name, .. }, &(made, healthy))| {
            format!("{name} {} ({} % healthy)", with_commas(made), (100 * healthy).checked_div(made).unwrap_or(0))
        })
        .collect();
    let total: u64 = tally.kinds.iter().map(|kind| kind.0).sum();
    let wrong: u64 = tally.wrong.values().map(|wrong| wrong.0).sum();
    println!(
        "answers: {} of seed {seed} in {} s: {}; worst {:.1} ms (answer {}); {} wrong",
        with_commas(total),
        begin.elapsed().as_secs(),
        kinds.join(", "),
        tally.worst.0.as_secs_f64() * 1000.0,
        tally.worst.1,
        if wrong == 0 { "none".into() } else { with_commas(wrong) },
    );
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
