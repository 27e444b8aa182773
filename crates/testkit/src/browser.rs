//! A browser without JavaScript: cookies, links, forms and redirects over HTTP, for tests and load journeys.
//!
//! It follows redirects by hand, so that each hop can be looked at, and keeps cookies per host and port, as a
//! browser keeps them per host.

use std::collections::BTreeMap;

use reqwest::header::{HOST, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, StatusCode, Url};
use scraper::{ElementRef, Html, Selector};

/// One person's browser.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Sent in place of the address's host, to reach a tenant by its name on the loopback address.
    pub host: Option<String>,
}

/// What came back, with where it was found in the end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub url: Url,
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

/// A form as it stands on a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: Url,
    pub method: Method,
    pub fields: Vec<(String, String)>,
    /// The words on its buttons, and what each button sends.
    pub buttons: Vec<(String, Option<(String, String)>)>,
}

const MOST_REDIRECTS: usize = 10;

impl Default for Browser {
    fn default() -> Browser {
        Browser::new()
    }
}

impl Browser {
    pub fn new() -> Browser {
        Browser::with(
            Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client without TLS files builds"),
        )
    }

    /// A browser over a client that others share (its connections, not its cookies).
    pub fn with(client: Client) -> Browser {
        Browser { client, cookies: BTreeMap::new(), host: None }
    }

    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(Method::GET, parse(url), None).await
    }

    pub async fn post(&mut self, url: &str, fields: &[(String, String)]) -> Answer {
        self.send(Method::POST, parse(url), Some(encode(fields))).await
    }

    /// Presses the button with these words on the form; the first button when the words are empty.
    pub async fn press(&mut self, form: &Form, words: &str) -> Answer {
        let mut fields = form.fields.clone();
        let pressed = form.buttons.iter().find(|(text, _)| words.is_empty() || text.contains(words));
        let pressed = pressed.unwrap_or_else(|| panic!("no button {words:?} among {:?}", form.buttons));
        fields.extend(pressed.1.clone());
        if form.method == Method::GET {
            let mut url = form.action.clone();
            url.set_query(Some(&encode(&fields)));
            return self.send(Method::GET, url, None).await;
        }
        self.send(Method::POST, form.action.clone(), Some(encode(&fields))).await
    }

    /// One request, then the redirects it leads to.
    async fn send(&mut self, method: Method, url: Url, body: Option<String>) -> Answer {
        let mut answer = self.once(method, url, body).await;
        for _ in 0..MOST_REDIRECTS {
            let Some(next) = answer.redirect() else { return answer };
            answer = self.once(Method::GET, next, None).await;
        }
        panic!("redirected more than {MOST_REDIRECTS} times, last to {}", answer.url);
    }

    /// One request and its answer, redirects not followed.
    pub async fn once(&mut self, method: Method, url: Url, body: Option<String>) -> Answer {
        let jar = jar_of(&url);
        let mut request = self.client.request(method, url.clone());
        if let Some(cookies) = self.cookies.get(&jar).filter(|c| !c.is_empty()) {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap_or_else(|e| panic!("no answer from {url}: {e}"));
        let (status, headers) = (response.status(), response.headers().clone());
        self.keep_cookies(&jar, &headers);
        let body = response.bytes().await.map(|b| b.to_vec()).unwrap_or_default();
        Answer { url, status, headers, body }
    }

    fn keep_cookies(&mut self, jar: &str, headers: &reqwest::header::HeaderMap) {
        let jar = self.cookies.entry(jar.to_owned()).or_default();
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let ended = value.is_empty() || parts.any(|p| p.eq_ignore_ascii_case("max-age=0"));
            if ended {
                jar.remove(name)
            } else {
                jar.insert(name.to_owned(), value.to_owned())
            };
        }
    }

    /// The cookies kept for the host of this address, as one header value.
    pub fn cookie_header(&self, url: &str) -> String {
        let cookies = self.cookies.get(&jar_of(&parse(url))).cloned().unwrap_or_default();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text a reader sees, white space folded.
    pub fn words(&self) -> String {
        let page = Html::parse_document(&self.text());
        let body = page.select(&selector("body")).next();
        let text: String = body.map(|b| b.text().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn forms(&self) -> Vec<Form> {
        let page = Html::parse_document(&self.text());
        page.select(&selector("form")).map(|form| self.form(&form)).collect()
    }

    /// The form whose address contains `action`.
    ///
    /// # Panics
    /// When the page has none: the test's own expectation failed.
    pub fn form_to(&self, action: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.action.as_str().contains(action));
        found.unwrap_or_else(|| panic!("no form to {action:?} on {} ({}): {}", self.url, self.status, self.words()))
    }

    /// Addresses of all links, images and stylesheets of the page, absolute.
    pub fn links(&self) -> Vec<Url> {
        let page = Html::parse_document(&self.text());
        let links = selector("a[href]");
        let found = page.select(&links).filter_map(|a| a.value().attr("href"));
        found.filter_map(|href| self.url.join(href).ok()).collect()
    }

    fn redirect(&self) -> Option<Url> {
        let location = self.status.is_redirection().then(|| self.headers.get(LOCATION))??;
        self.url.join(location.to_str().ok()?).ok()
    }

    fn form(&self, form: &ElementRef<'_>) -> Form {
        let attribute = |name: &str| form.value().attr(name).unwrap_or_default();
        let action = self.url.join(attribute("action")).expect("a form leads to an address");
        let method = if attribute("method").eq_ignore_ascii_case("post") { Method::POST } else { Method::GET };
        Form { action, method, fields: fields_of(form), buttons: buttons_of(form) }
    }
}

impl Form {
    /// Fills a field, or adds it.
    pub fn set(mut self, name: &str, value: &str) -> Form {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds one more value of a field, as a ticked box does.
    pub fn tick(mut self, name: &str, value: &str) -> Form {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn fields_of(form: &ElementRef<'_>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for element in form.select(&selector("input[name], textarea[name], select[name]")) {
        let attribute = |name: &str| element.value().attr(name);
        let name = attribute("name").unwrap_or_default().to_owned();
        let value = match element.value().name() {
            "textarea" => Some(element.text().collect()),
            "select" => chosen_option(&element),
            _ => match attribute("type").unwrap_or("text") {
                "checkbox" | "radio" => attribute("checked").map(|_| attribute("value").unwrap_or("on").to_owned()),
                "submit" | "button" | "image" => None,
                _ => Some(attribute("value").unwrap_or_default().to_owned()),
            },
        };
        fields.extend(value.map(|v| (name, v)));
    }
    fields
}

fn chosen_option(select: &ElementRef<'_>) -> Option<String> {
    let options: Vec<_> = select.select(&selector("option")).collect();
    let chosen = options.iter().find(|o| o.value().attr("selected").is_some()).or(options.first())?;
    Some(chosen.value().attr("value").map_or_else(|| chosen.text().collect(), str::to_owned))
}

fn buttons_of(form: &ElementRef<'_>) -> Vec<(String, Option<(String, String)>)> {
    let sends =
        |e: &ElementRef<'_>| Some((e.value().attr("name")?.to_owned(), e.value().attr("value").unwrap_or_default().to_owned()));
    let words = |e: &ElementRef<'_>| match e.value().attr("value") {
        Some(value) if e.value().name() == "input" => value.to_owned(),
        _ => e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let buttons = selector("button, input[type=submit]");
    let found = form.select(&buttons);
    found.filter(|e| e.value().attr("type") != Some("button")).map(|e| (words(&e), sends(&e))).collect()
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("the selectors here are constants")
}

fn parse(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|e| panic!("{url:?} is not an address: {e}"))
}

fn jar_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn encode(fields: &[(String, String)]) -> String {
    serde_urlencoded::to_string(fields).expect("pairs of text encode")
}
