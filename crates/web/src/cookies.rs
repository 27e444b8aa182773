//! The cookies of the portal. No script reads them.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::visit::Visit;

/// A cookie, sent back below its path only.
pub struct Cookie {
    name: &'static str,
    path: &'static str,
    /// Whether it opens a door.
    secret: bool,
    /// Whether it travels with a form that another site sends here.
    across: bool,
}

/// Of a citizen's session.
pub const SESSION: Cookie = Cookie { name: "campanella_session", path: "/", secret: true, across: false };
/// Of a session of the staff.
pub const STAFF: Cookie = Cookie { name: "campanella_ufficio", path: "/ufficio", secret: true, across: false };
/// Of a member of the staff who gave a right password and must give a code.
pub const PENDING: Cookie = Cookie { name: "campanella_codice", path: "/ufficio/accedi", secret: true, across: false };
/// Binds sign-ins to a browser. The provider's answer is a POST from another site: it must travel with it.
pub const BROWSER: Cookie = Cookie { name: "campanella_accesso", path: "/", secret: true, across: true };
/// Finds the form that was sent after its session had ended.
pub const DRAFT: Cookie = Cookie { name: "campanella_bozza", path: "/", secret: true, across: false };
pub const LANGUAGE: Cookie = Cookie { name: "campanella_lingua", path: "/", secret: false, across: false };

impl Cookie {
    /// Its value in a request to a portal that is published with TLS, or without.
    pub fn of<'h>(&self, headers: &'h HeaderMap, tls: bool) -> Option<&'h str> {
        let name = self.full_name(tls);
        let all = headers.get_all(header::COOKIE).iter().filter_map(|h| h.to_str().ok());
        all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name.as_str())?.strip_prefix('='))
    }

    /// `Set-Cookie` for a value of ours.
    pub fn set(&self, visit: &Visit, value: &str, seconds: i64) -> HeaderValue {
        let text = self.text(visit.tenant.has_tls(), value, seconds);
        HeaderValue::from_str(&text).expect("our cookies are plain text")
    }

    /// Takes it from the browser.
    pub fn end(&self, visit: &Visit) -> HeaderValue {
        self.set(visit, "", 0)
    }

    /// Over TLS the name of a secret is one that browsers take from this very host over TLS alone: a neighbour in the
    /// domain, or who holds the line, cannot put a cookie of theirs in its place.
    fn full_name(&self, tls: bool) -> String {
        let prefix = match (self.secret && tls, self.path) {
            (false, _) => "",
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
        };
        format!("{prefix}{}", self.name)
    }

    /// Without TLS (a demo on one machine) browsers refuse `SameSite=None`; without a word of ours they let a cookie of
    /// two minutes travel.
    fn text(&self, tls: bool, value: &str, seconds: i64) -> String {
        let same_site = match (self.across, tls) {
            (false, _) => "; SameSite=Lax",
            (true, true) => "; SameSite=None",
            (true, false) => "",
        };
        let secure = if tls { "; Secure" } else { "" };
        format!("{}={value}; Path={}; HttpOnly; Max-Age={seconds}{same_site}{secure}", self.full_name(tls), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_the_name_of_a_secret_binds_it_to_this_host() {
        let text = |cookie: Cookie, tls| cookie.text(tls, "x", 60);
        assert_eq!(text(SESSION, true), "__Host-campanella_session=x; Path=/; HttpOnly; Max-Age=60; SameSite=Lax; Secure");
        assert_eq!(text(SESSION, false), "campanella_session=x; Path=/; HttpOnly; Max-Age=60; SameSite=Lax");
        assert_eq!(text(STAFF, true), "__Secure-campanella_ufficio=x; Path=/ufficio; HttpOnly; Max-Age=60; SameSite=Lax; Secure");
        assert_eq!(text(BROWSER, true), "__Host-campanella_accesso=x; Path=/; HttpOnly; Max-Age=60; SameSite=None; Secure");
        assert_eq!(text(BROWSER, false), "campanella_accesso=x; Path=/; HttpOnly; Max-Age=60");
        assert_eq!(text(LANGUAGE, true), "campanella_lingua=x; Path=/; HttpOnly; Max-Age=60; SameSite=Lax; Secure");
    }

    #[test]
    fn over_tls_a_secret_under_its_plain_name_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; campanella_session=planted; campanella_lingua=en"));
        assert_eq!(SESSION.of(&headers, false), Some("planted"));
        assert_eq!(SESSION.of(&headers, true), None);
        assert_eq!(LANGUAGE.of(&headers, true), Some("en"));
        headers.insert(header::COOKIE, HeaderValue::from_static("campanella_session=planted; __Host-campanella_session=own"));
        assert_eq!(SESSION.of(&headers, true), Some("own"));
    }
}
