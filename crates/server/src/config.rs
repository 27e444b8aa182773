//! What `campanella serve` reads: a TOML file, then the environment (`CAMPANELLA_DATABASE=…`), which wins.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the portal listens; a proxy with TLS stands before it.
    pub listen: SocketAddr,
    /// Where pagoPA's node calls: never the address the portal is published on.
    pub node_listen: Option<SocketAddr>,
    /// Addresses that may call the node's listener; empty trusts whoever reaches it (a proxy that asks for a certificate).
    #[serde(default)]
    pub node_allowed_sources: Vec<std::net::IpAddr>,
    /// TLS of the node's listener, with the node's certificate asked for; without it a proxy does that.
    pub node_tls: Option<NodeTls>,
    /// `sqlite:FILE` or `postgres://…`.
    pub database: String,
    /// Free MB on the disk of a SQLite database below which `/readyz` and the log say so.
    #[serde(default = "disk_alarm_mb")]
    pub disk_alarm_mb: u64,
    /// Holds the 256-bit key that seals what is encrypted at rest, as 64 hexadecimal digits.
    pub key_file: PathBuf,
    pub mail: Option<Mail>,
    #[serde(default)]
    pub passwords: Passwords,
    #[serde(default)]
    pub spid: Spid,
    /// Networks of proxies whose X-Forwarded-For is believed: `["127.0.0.1/32"]`. Empty believes none.
    #[serde(default)]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Sign-in by national services card; off without it.
    pub cns: Option<Cns>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    /// A sorted list of SHA-1 of passwords known from breaches; new passwords are looked for in it.
    pub breached_file: Option<PathBuf>,
}

/// The node's listener with TLS of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeTls {
    /// Its chain and its key, PEM.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// The authorities that issue the node's certificate, PEM.
    pub client_ca_file: PathBuf,
    /// Whom they must name: `forwarder.platform.pagopa.it`.
    pub client_names: Vec<String>,
}

/// Cards are shown to a listener of their own: one with TLS (`listen`), or one behind a proxy of this machine
/// (`proxy_listen`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cns {
    /// Where browsers reach the listener: `https://carta.scuola.comune.esempio.it`.
    pub public_url: String,
    pub listen: Option<SocketAddr>,
    /// Chain and key of `listen`, PEM.
    pub server_certificate_file: Option<PathBuf>,
    pub server_key_file: Option<PathBuf>,
    /// For cards whose software cannot sign as TLS 1.3 asks (RSA-PSS).
    #[serde(default)]
    pub tls12_only: bool,
    /// A loopback address and port, or `unix:PATH`.
    pub proxy_listen: Option<String>,
    /// What the proxy proves itself with.
    pub proxy_secret_file: Option<PathBuf>,
    /// The authorities whose cards are CNS: AgID's list, PEM.
    pub trust_list_file: PathBuf,
    /// Their revocation lists, DER or PEM.
    pub crl_folder: PathBuf,
    /// An older list is not relied on, whatever it says of itself.
    #[serde(default = "two_days")]
    pub crl_max_age_hours: u32,
    /// From where lists are fetched into the folder every hour.
    #[serde(default)]
    pub crl_urls: Vec<String>,
}

fn disk_alarm_mb() -> u64 {
    512
}

fn two_days() -> u32 {
    48
}

/// Where the registry of SPID's identity providers is; without it they come by `campanella idp import`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spid {
    /// `https://…`, as AgID publishes it.
    pub registry_url: Option<String>,
    /// The certificates of who signs it, in PEM.
    pub registry_certificate_file: Option<PathBuf>,
}

impl Spid {
    /// The registry to refresh from.
    ///
    /// # Errors
    /// One setting without the other, an address that is not https, or a file without a certificate.
    pub fn registry(&self) -> Result<Option<worker::Registry>, crate::Failure> {
        match (&self.registry_url, &self.registry_certificate_file) {
            (None, None) => Ok(None),
            (Some(url), Some(_)) if !url.starts_with("https://") => Err("spid.registry_url must begin with https://".into()),
            (Some(url), Some(file)) => {
                let pem = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
                Ok(Some(worker::Registry::new(url, &pem)?))
            }
            _ => Err("spid.registry_url and spid.registry_certificate_file belong together".into()),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host:465` or `smtp://host:25`.
    pub server: String,
    /// `Servizi scolastici <noreply@comune.esempio.it>`.
    pub from: String,
}

impl Config {
    pub fn read(path: &Path) -> Result<Config, Box<figment::Error>> {
        let environment = Env::prefixed("CAMPANELLA_").ignore(&["test_postgres", "fonts", "demo"]).split("__");
        Figment::new().merge(Toml::file_exact(path)).merge(environment).extract().map_err(Box::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Box<figment::Error>> {
        Figment::new().merge(Toml::string(text)).extract().map_err(Box::new)
    }

    #[test]
    fn a_small_file_is_enough() {
        let text = "listen = '127.0.0.1:8080'\ndatabase = 'sqlite:a.sqlite'\nkey_file = 'key'";
        let config = read(text).expect("the three needed settings are there");
        assert!(config.node_listen.is_none() && config.mail.is_none());
    }

    #[test]
    fn proxies_and_the_list_of_breached_passwords_may_be_named() {
        let text = "listen = '127.0.0.1:8080'\ndatabase = 'sqlite:a'\nkey_file = 'key'\ntrusted_proxies = ['10.0.0.0/8', '::1/128']\n\
                    [passwords]\nbreached_file = '/var/lib/breached.txt'";
        let config = read(text).expect("all settings are known");
        assert_eq!((config.trusted_proxies.len(), config.passwords.breached_file), (2, Some("/var/lib/breached.txt".into())));
        assert!(read(&text.replace("10.0.0.0/8", "10.0.0.0/33")).is_err());
    }

    #[test]
    fn cards_and_the_nodes_certificate_have_tables_of_their_own() {
        let text = "listen = '127.0.0.1:8080'
            database = 'sqlite:a.sqlite'
            key_file = 'key'
            node_listen = '127.0.0.1:8082'
            [node_tls]
            certificate_file = 'node.pem'
            key_file = 'node.key'
            client_ca_file = 'pagopa.pem'
            client_names = ['forwarder.platform.pagopa.it']
            [cns]
            public_url = 'https://carta.esempio.it'
            proxy_listen = 'unix:/run/campanella/cns.sock'
            proxy_secret_file = 'secret'
            trust_list_file = 'cns.pem'
            crl_folder = 'crl'";
        let config = read(text).expect("every setting is known");
        let cns = config.cns.expect("cards are taken");
        assert_eq!((cns.crl_max_age_hours, cns.listen, cns.tls12_only), (48, None, false));
        assert_eq!(config.node_tls.expect("the node's listener has TLS").client_names, ["forwarder.platform.pagopa.it"]);
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let text = "listen = '127.0.0.1:8080'\ndatabase = 'sqlite:a'\nkey_file = 'key'\nnode_listn = '127.0.0.1:8082'";
        assert!(read(text).expect_err("the name is unknown").to_string().contains("node_listn"));
    }

    #[test]
    fn a_registry_has_an_address_of_https_and_a_certificate() {
        let spid = |url: &str, file: Option<&str>| Spid {
            registry_url: Some(url.to_owned()),
            registry_certificate_file: file.map(PathBuf::from),
        };
        assert!(Spid::default().registry().expect("it is off").is_none());
        for (refused, why) in [
            (spid("https://registry.example", None), "belong together"),
            (spid("http://registry.example", Some("a.pem")), "https://"),
            (spid("https://registry.example", Some("not there.pem")), "not there.pem"),
        ] {
            assert!(refused.registry().expect_err("it is refused").to_string().contains(why));
        }
    }
}
