//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use ipnet::IpNet;

/// The address tries are counted by: the peer's, or what trusted proxies say of it. An IPv6 address counts with its whole /64,
/// which one customer has to choose from.
pub fn of(request: &Request, trusted: &[IpNet]) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.map_or_else(|| "unknown".to_owned(), |peer| group(client(peer, request.headers(), trusted)))
}

/// Each proxy adds the address it was called from at the end of the list: read from there, the first that is no trusted proxy's
/// is the client's. What stands before it anybody may have written.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = plain(peer);
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    for said in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(&client) {
            break;
        }
        let Some(before) = address(said) else { break };
        client = before;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `[2001:db8::1]:8080`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()));
    bare.map(plain)
}

/// An IPv4 address in the form of IPv6 is an IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn group(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Whether a sent form comes from a page of this host, as the browser says. A client that says nothing is no browser of these
/// years, and nobody's session rides on it.
pub fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(peer: &str, forwarded: &[&str]) -> Request {
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>(format!("{peer}:4711").parse().unwrap()));
        for line in forwarded {
            request.headers_mut().append("x-forwarded-for", line.parse().unwrap());
        }
        request
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_read_from_the_end() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "127.0.0.1/32"].map(|n| n.parse().unwrap()).to_vec();
        #[rustfmt::skip]
        let cases: [(&str, &[&str], &str); 9] = [
            ("198.51.100.9", &[], "198.51.100.9"),
            ("198.51.100.9", &["192.0.2.1"], "198.51.100.9"),
            ("127.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["6.6.6.6, 192.0.2.1, 10.1.2.3"], "192.0.2.1"),
            ("127.0.0.1", &["6.6.6.6", "192.0.2.1:99"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1, nessuno"], "127.0.0.1"),
            ("127.0.0.1", &["::ffff:192.0.2.1"], "192.0.2.1"),
            ("[::ffff:127.0.0.1]", &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ];
        for (peer, forwarded, wanted) in cases {
            assert_eq!(of(&request(peer, forwarded), &trusted), wanted, "{peer} {forwarded:?}");
        }
        assert_eq!(of(&request("127.0.0.1", &["192.0.2.1"]), &[]), "127.0.0.1", "nobody is trusted unsaid");
    }

    #[test]
    fn a_form_of_another_site_is_told_by_its_origin() {
        let from = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "scuola.esempio.test:8080".parse().unwrap());
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            is_same_site(&headers)
        };
        assert!(from(&[]) && from(&[("origin", "https://scuola.esempio.test:8080")]));
        assert!(from(&[("sec-fetch-site", "same-origin"), ("origin", "https://scuola.esempio.test:8080")]));
        assert!(!from(&[("origin", "https://altrove.test")]) && !from(&[("origin", "null")]));
        assert!(!from(&[("sec-fetch-site", "same-site")]) && !from(&[("sec-fetch-site", "cross-site")]));
    }
}
