//! Chains of certificates, each judged by lprobe and by others. What is healthy, `openssl verify` takes too, as it comes; what
//! is not, curl with OpenSSL refuses too, unless a row says why. docs/tls-and-grpc.md has those rows.

pub mod forge;
mod issuers;
mod names;
mod row;
mod shapes;

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use forge::Forge;
use row::{Chain, Differs, Row};

use super::openssl::s_server;
use super::pki::{Identity, text};
use crate::support::{have_tools, lprobe, repository, run};

#[test]
fn chains_are_judged_as_openssl_and_curl_judge_them() {
    if !have_tools(&["openssl", "curl"]) {
        return;
    }
    let (forge, wrong) = (Forge::new(), Mutex::new(Vec::new()));
    let rows = rows();
    let next = Mutex::new(rows.iter().enumerate());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((number, row)) = next.lock().expect("no panic").next() else { break };
                    if let Err(error) = judge(&forge, number, row) {
                        wrong.lock().expect("no panic").push(format!("{}: {error}", row.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    println!("{} chains", rows.len());
    assert!(wrong.is_empty(), "{} of {} chains:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    issuers::add(&mut rows);
    names::add(&mut rows);
    shapes::add(&mut rows);
    rows
}

/// Returns what is not as the row says.
fn judge(forge: &Forge, number: usize, row: &Row) -> Result<(), String> {
    let mut chain = Chain::new();
    (row.change)(&mut chain);
    // A signature by ECDSA is another each time.
    let ders: Vec<_> = (0..chain.certificates.len()).map(|place| forge.der(&chain.certificates, place)).collect();
    let folder = forge.folder().join(number.to_string());
    fs::create_dir(&folder).expect("a folder");
    let write = |file: &str, places: &[usize]| {
        let path = folder.join(file);
        let pems = places.iter().map(|&place| pem(&ders[place]));
        fs::write(&path, pems.collect::<String>()).expect("a file");
        path
    };
    let [leaf, sent, trusted] =
        [("leaf", &[chain.leaf][..]), ("sent", &chain.sent), ("trusted", &chain.trusted)].map(|(a, b)| write(a, b));
    let key = forge.key(chain.certificates[chain.leaf].key);
    let identity = Identity { certificate: leaf.clone(), key: key.path.clone(), der: Vec::new(), key_der: Vec::new() };
    let more = ["-cert_chain", text(&sent)];
    let more = if chain.sent.is_empty() { &[][..] } else { &more };
    let server = s_server(&identity, &[&["-cipher", "ALL:@SECLEVEL=0"], more].concat());

    let is_address = chain.host == "127.0.0.1";
    let host = if is_address { "127.0.0.1" } else { "localhost" };
    let target = format!("https://{host}:{}/", server.port);
    let trust = ["--tls-ca-cert", text(&trusted), "--timeout=30s"];
    let name = ["--tls-server-name", chain.host];
    let name = if chain.host == host { &[][..] } else { &name };
    let ours = lprobe([&*target].iter().chain(&trust).chain(name));
    let healthy = ours.status.success();
    let openssl = || {
        run(Command::new("openssl")
            .args(["verify", "-purpose", "sslserver", "-no-CApath", "-no-CAstore", "-CAfile", text(&trusted)])
            .args(if chain.sent.is_empty() { vec![] } else { vec!["-untrusted", text(&sent)] })
            .args([if is_address { "-verify_ip" } else { "-verify_hostname" }, chain.host, text(&leaf)]))
    };
    let curl = || {
        run(Command::new("curl")
            .args(["--silent", "--show-error", "--noproxy", "*", "--output", "/dev/null", "--max-time", "30"])
            .args(["--cacert", text(&trusted), "--resolve", &format!("{}:{}:127.0.0.1", chain.host, server.port)])
            .arg(format!("https://{}:{}/", chain.host, server.port)))
        .status
        .success()
    };
    let differs = match healthy {
        true if openssl().status.success() => None,
        true => Some(if curl() { Differs::LikeCurl } else { Differs::Laxer }),
        false => curl().then_some(Differs::Stricter),
    };
    let as_said = if row.words.is_empty() { healthy } else { !healthy && ours.stderr.contains(row.words) };
    if as_said && differs == row.differs.map(|(how, _)| how) {
        return Ok(());
    }
    Err(format!("{differs:?}: {:?}; OpenSSL: {:?}", ours.stderr, openssl().stderr))
}

pub fn pem(der: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for line in der.chunks(48) {
        for three in line.chunks(3) {
            let bits = three.iter().fold(0, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
            for place in 0..4 {
                let digit = char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
                write!(text, "{}", if place > three.len() { '=' } else { digit }).expect("a text");
            }
        }
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// The page names each difference, and no other.
#[test]
fn the_table_of_chains_is_what_is_tested() {
    let page = fs::read_to_string(repository("docs/tls-and-grpc.md")).expect("it is in the repository");
    let mut table = "| chain | lprobe | why |\n| --- | --- | --- |\n".to_owned();
    for row in rows() {
        if let Some((how, why)) = row.differs {
            let verdict = if how == Differs::Stricter { "unhealthy" } else { "healthy" };
            table += &format!("| {} | {verdict} | {why} |\n", row.name);
        }
    }
    assert!(page.contains(&table), "docs/tls-and-grpc.md lacks this table:\n{table}");
}
