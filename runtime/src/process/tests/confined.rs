//! The same children in a sandbox: each test also runs without one, to see that the harm would be done.

use super::super::{Enforced, Exit, Job, Limits, Sandbox, run};
use super::{assert_dies, shell};

/// Whether this machine can show anything; CI has to.
fn is_possible() -> bool {
    let found = Enforced::here();
    let all = Enforced { files: true, network: true, signals: true };
    assert!(found == all || std::env::var("CI").as_deref() != Ok("true"), "{found:?}");
    found == all
}

fn both(script: &str) -> Option<[String; 2]> {
    let run_with = |sandbox| {
        let job = Job { sandbox, ..shell(script) };
        let out = run(&job).unwrap();
        assert_eq!(out.exit, Exit::Code(0), "{}", out.stderr.text());
        out.stdout.text().trim().to_owned()
    };
    is_possible().then(|| [Sandbox::Off, Sandbox::On].map(run_with))
}

#[test]
fn files_are_written_inside_only() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("file").display().to_string();
    let script = format!(
        "echo x > inside && (echo x > '{path}') 2> /dev/null && rm '{path}' && echo out; cat inside"
    );
    let Some(told) = both(&script) else { return };
    assert_eq!(told, ["out\nx", "x"]);
}

#[test]
fn files_outside_keep_their_modes() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    let script =
        format!("chmod 640 '{}' 2> /dev/null && echo changed; true", outside.path().display());
    let Some(told) = both(&script) else { return };
    assert_eq!(told, ["changed", ""]);
}

#[test]
fn other_processes_are_not_signalled() {
    let script = format!("kill -0 {} 2> /dev/null && echo reached; true", std::process::id());
    let Some(told) = both(&script) else { return };
    assert_eq!(told, ["reached", ""]);
}

#[test]
fn the_environment_of_others_is_not_read() {
    let script =
        format!("cat /proc/{}/environ > /dev/null 2>&1 && echo read; true", std::process::id());
    let Some(told) = both(&script) else { return };
    assert_eq!(told, ["read", ""]);
}

#[test]
fn no_session_of_its_own() {
    let Some(told) = both("setsid -w sh -c 'echo left' 2> /dev/null; true") else {
        return;
    };
    assert_eq!(told, ["left", ""]);
}

#[test]
fn its_children_die_with_it() {
    if !is_possible() {
        return;
    }
    let job = Job { sandbox: Sandbox::On, ..shell("env -i sleep 60 & echo $!") };
    let out = run(&job).unwrap();
    assert_eq!(out.exit, Exit::Code(0));
    assert_dies(&out.stdout.text());
}

#[test]
fn a_crowd_is_stopped() {
    let script = "i=0; while [ $i -lt 100 ]; do sleep 60 & i=$((i + 1)); done; echo $!; wait";
    let mut job = shell(script);
    job.limits = Limits { processes: 40, ..Limits::default() };
    assert_eq!(run(&job).unwrap().exit, Exit::ProcessLimit);
}

/// Every way to another socket, tried by one script; it prints those that led somewhere.
const TALKS: &str = r#"python3 - "$port" <<'E'
import socket, sys
at = ("127.0.0.1", int(sys.argv[1]))

def tries(name, does):
    try:
        print(name, does() or "", end=";")
    except OSError as error:
        if name == "connect":
            print(error.strerror, end=";")

tcp, udp = (socket.socket(socket.AF_INET, it) for it in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
one, two = socket.socketpair()
one.send(b"x")
tries("pair", lambda: two.recv(1).decode())
tries("connect", lambda: tcp.connect(at))
tries("sendto", lambda: udp.sendto(b"x", at))
tries("sendmsg", lambda: udp.sendmsg([b"x"], (), 0, at))
tries("bind", lambda: socket.socket().bind(("127.0.0.1", 0)))
tries("join", lambda: udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1))
tries("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())
E"#;

#[test]
fn sockets_reach_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let Some([off, on]) = both(&format!("port={port}; {TALKS}")) else { return };
    assert_eq!(off, "pair x;connect ;sendto 1;sendmsg 1;bind ;join ;netlink ;");
    assert_eq!(on, "pair x;Network is unreachable;");
}
