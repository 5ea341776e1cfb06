//! Ways out over a network, and over the sockets that lie in the tenant's folder (G13, G14, G32).

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::Value;

use crate::call;
use crate::raw::plain;
use crate::report::Report;

const PATIENCE: Duration = Duration::from_millis(300);

/// Tries all of them. `ports` are those of the host's loopback that something listens on.
pub fn try_all(report: &mut Report, words: &Value) {
    interfaces(report);
    let ports: Vec<u64> = words["ports"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    connects(report, &ports);
    abstract_sockets(report);
    kinds_of_sockets(report);
    for port in ports {
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
            through_egress(report, &format!("{host}:{port}"));
        }
    }
    for to in ["169.254.169.254:443", "172.17.0.1:2375", "10.0.0.1:443", "console.localhost:443", "example.test:443"] {
        through_egress(report, to);
    }
    egress_as_a_proxy(report);
    mail_as_somebody_else(report);
    database(report);
}

fn interfaces(report: &mut Report) {
    let listed = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    for name in listed.lines().skip(2).filter_map(|line| line.split(':').next()).map(str::trim) {
        if name != "lo" {
            report.reached("a network interface", name);
        }
    }
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    for route in routes.lines().skip(1) {
        report.reached("a route", route);
    }
    report.refused("interfaces and routes", "looked at");
}

fn connects(report: &mut Report, ports: &[u64]) {
    let mut places: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    places.extend(ports.iter().map(|port| format!("172.17.0.1:{port}")));
    places.extend(["127.0.0.1:2375", "172.17.0.1:22", "169.254.169.254:80"].map(str::to_owned));
    for place in places {
        let Ok(address) = place.parse::<SocketAddr>() else { continue };
        report.tried(&format!("tcp {place}"), TcpStream::connect_timeout(&address, PATIENCE));
    }
    // Nothing is sent: connecting a datagram socket asks for a route alone.
    let routed = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:53"));
    report.tried("a route to elsewhere", routed);
}

/// Those have no path, and belong to the network they were made in.
fn abstract_sockets(report: &mut Report) {
    let listed = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    for name in listed.lines().filter_map(|line| line.rsplit(' ').next()).filter(|name| name.starts_with('@')) {
        report.reached("an abstract socket", name);
    }
    for name in ["/containerd-shim", "docker", "polder"] {
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name);
        let connected = address.and_then(|address| UnixStream::connect_addr(&address));
        report.tried(&format!("abstract socket {name}"), connected);
    }
}

fn kinds_of_sockets(report: &mut Report) {
    let kinds = [
        ("raw socket", libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
        ("raw socket, IPv6", libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6),
        ("packet socket", libc::AF_PACKET, libc::SOCK_RAW, 0x0300),
    ];
    for (name, family, kind, protocol) in kinds {
        report.tried(name, call!(libc::SYS_socket, family, kind, protocol));
    }
    audit(report);
    new_interface(report);
}

/// A netlink socket may be had; what counts is what is answered on it: `AUDIT_GET`, as root may ask.
fn audit(report: &mut Report) {
    let Ok(socket) = call!(libc::SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, 9) else {
        return report.refused("the audit of the kernel", "no socket");
    };
    if let Err(error) = call!(libc::SYS_sendto, socket, ask(1000, 4, &[]), 16, 0, 0, 0) {
        return report.refused("the audit of the kernel", error);
    }
    let mut answer = [0_i32; 64];
    let heard = plain(libc::SYS_recvfrom, [socket, answer.as_mut_ptr() as i64, 256, libc::MSG_DONTWAIT.into(), 0, 0]);
    // nlmsghdr is four words; an error's number follows it.
    match (heard, answer[1] & 0xffff, answer[4]) {
        (Ok(_), 2, refused) if refused < 0 => {
            report.refused("the audit of the kernel", std::io::Error::from_raw_os_error(-refused));
        }
        (Err(error), ..) => report.refused("the audit of the kernel", error),
        (Ok(read), kind, code) => report.reached("the audit of the kernel", format!("{read} {kind} {code}")),
    }
}

/// `RTM_NEWLINK`: a pair of interfaces would be the beginning of a way out.
fn new_interface(report: &mut Report) {
    let Ok(socket) = call!(libc::SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE) else {
        return report.refused("a new interface", "no netlink");
    };
    // ifinfomsg, then IFLA_IFNAME "out0", then IFLA_LINKINFO { IFLA_INFO_KIND "dummy" }.
    let mut body = vec![0; 16];
    body.extend([9, 0, 3, 0, b'o', b'u', b't', b'0', 0, 0, 0, 0]);
    body.extend([16, 0, 18, 0, 10, 0, 1, 0, b'd', b'u', b'm', b'm', b'y', 0, 0, 0]);
    let message = ask(16, 0x0605, &body);
    let length = i64::try_from(message.len()).unwrap_or(0);
    if let Err(error) = call!(libc::SYS_sendto, socket, message, length, 0, 0, 0) {
        return report.refused("a new interface", error);
    }
    let made = fs::read_to_string("/proc/net/dev").unwrap_or_default().contains("out0");
    if made { report.reached("a new interface", "out0") } else { report.refused("a new interface", "not made") }
}

/// A netlink message: length, type, flags, sequence, port, body.
fn ask(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap_or(16);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((flags | 1).to_ne_bytes());
    message.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(body);
    message
}

/// The one way out that a tenant has, asked for what is on no list.
fn through_egress(report: &mut Report, to: &str) {
    let asked = exchange("/run/polder/egress.sock", &format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    heard(report, &format!("egress to {to}"), asked);
}

fn egress_as_a_proxy(report: &mut Report) {
    for target in ["http://console.localhost:8600/api/v1/tenants", "/", "http://169.254.169.254/latest/meta-data/"] {
        let asked = exchange("/run/polder/egress.sock", &format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        heard(report, &format!("egress, as a proxy, for {target}"), asked);
    }
}

fn heard(report: &mut Report, tried: &str, asked: std::io::Result<String>) {
    let first = asked.map(|answer| answer.lines().next().unwrap_or("nothing").to_owned());
    match first {
        Ok(line) if line.contains(" 200") => report.reached(tried, line),
        Ok(line) => report.refused(tried, line),
        Err(error) => report.refused(tried, error),
    }
}

/// A message may be sent; whose it is, is not for the message to say. The test looks whose it was.
fn mail_as_somebody_else(report: &mut Report) {
    let message = r#"{"id":"1","to":"victim@example.test","subject":"Hello","text":"From the platform","html":"",
        "tenant":"platform","from":"polder@console.localhost"}"#;
    let length = message.len();
    let head =
        format!("POST /messages HTTP/1.1\r\nHost: platform\r\nX-Polder-Tenant: platform\r\nContent-Length: {length}");
    let kind = "Content-Type: application/json";
    match exchange("/run/polder/courier.sock", &format!("{head}\r\n{kind}\r\n\r\n{message}")) {
        Ok(answer) => report.refused("mail in another's name", answer),
        Err(error) => report.refused("mail in another's name", error),
    }
}

/// Other databases, where the tenant's own is on a server: the relay is asked for them, and for none of
/// what a server does besides.
fn database(report: &mut Report) {
    const SOCKET: &str = "/run/polder/.s.PGSQL.5432";
    if fs::symlink_metadata(SOCKET).is_err() {
        return;
    }
    let asks: [&[(&str, &str)]; 4] = [
        &[("user", "postgres"), ("database", "postgres")],
        &[("user", "polder"), ("database", "template1")],
        &[("user", "polder"), ("database", "postgres"), ("replication", "true")],
        &[("user", "polder"), ("database", "postgres"), ("options", "-c session_authorization=polder")],
    ];
    for pairs in asks {
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        for (name, value) in pairs {
            body.extend(format!("{name}\0{value}\0").bytes());
        }
        body.push(0);
        let mut message = u32::try_from(body.len() + 4).unwrap_or(4).to_be_bytes().to_vec();
        message.extend(body);
        let said = exchange_bytes(SOCKET, &message);
        // `R` followed by a zero is "you are in".
        match said {
            Ok(answer) if answer.first() == Some(&b'R') && answer.get(5..9) == Some(&[0; 4]) => {
                report.reached(&format!("database {pairs:?}"), "let in");
            }
            Ok(answer) => report.refused(&format!("database {pairs:?}"), String::from_utf8_lossy(&answer)),
            Err(error) => report.refused(&format!("database {pairs:?}"), error),
        }
    }
}

fn exchange(socket: &str, request: &str) -> std::io::Result<String> {
    exchange_bytes(socket, request.as_bytes()).map(|answer| String::from_utf8_lossy(&answer).into_owned())
}

fn exchange_bytes(socket: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(request)?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer)?;
    answer.truncate(read);
    Ok(answer)
}
