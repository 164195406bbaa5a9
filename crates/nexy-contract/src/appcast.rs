//! The pure rules of the update feed: what the shipped client takes from it, and what else Sparkle would ask for.

use crate::{ReleaseVersion, text, url};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::BTreeMap;

mod advice;
mod encoding;

/// The only spelling of Sparkle's namespace; every other one makes its elements and attributes invisible.
pub const NAMESPACE: &str = "http://www.andymatuschak.org/xml-namespaces/sparkle";

/// A feed that is well-formed and holds at least one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    items: Vec<Item>,
}

/// One item, as it stands there; nothing is judged yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Item {
    /// Texts of the children.
    own: Values,
    /// Attributes of the enclosure.
    enclosure: Option<Values>,
}

/// Values by name: those without namespace, such as `title` and `pubDate`, and those in Sparkle's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Values {
    plain: BTreeMap<String, String>,
    sparkle: BTreeMap<String, String>,
}

impl Values {
    /// Keeps the first value of a name.
    fn keep(&mut self, namespace: Option<&str>, name: &str, value: &str) {
        let values = match namespace {
            Some(NAMESPACE) => &mut self.sparkle,
            Some(_) => return,
            None => &mut self.plain,
        };
        values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
}

/// What the shipped client takes from the feed: its first item and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What clients compare with their own version.
    pub version: String,
    /// Where they download.
    pub url: String,
    /// The only thing that they check about the download, in bytes.
    pub length_bytes: u64,
}

/// What the feed must say: the manifest that was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced<'a> {
    /// The version of the manifest.
    pub version: ReleaseVersion,
    /// The URL of the manifest.
    pub url: &'a str,
    /// The size of the manifest, in bytes.
    pub size_bytes: u64,
}

/// Why a text offers nothing to a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FeedError(String);

impl Feed {
    /// Reads a feed.
    /// Errors: [`FeedError`] for whatever no client could read.
    pub fn read(bytes: &[u8]) -> Result<Self, FeedError> {
        if bytes.starts_with(&GZIP) {
            return Err(FeedError(
                "it is compressed with gzip, and its Content-Encoding does not say so, or its end is missing".to_owned(),
            ));
        }
        let text = encoding::decode(bytes)?;
        if is_page(&text) {
            return Err(FeedError("an HTML page answers, as of a login, a challenge or an error, and no feed".to_owned()));
        }
        let document = parse(&text)?;
        if let Some(other) = misspelt_namespace(&document) {
            let shown = text::excerpt(&other, 120);
            return Err(FeedError(format!("Sparkle's namespace is spelled `{shown}`, so clients see no version")));
        }
        let root = document.root_element();
        let channel = Some(root).filter(|root| root.has_tag_name("rss")).and_then(|root| child(root, "channel"));
        let items: Vec<Item> = channel
            .iter()
            .flat_map(|channel| channel.children().filter(|node| node.is_element() && node.has_tag_name("item")))
            .map(item)
            .collect();
        if items.is_empty() {
            let shown = text::excerpt(root.tag_name().name(), 40);
            return Err(FeedError(format!("it has no /rss/channel/item, its root is <{shown}>")));
        }
        Ok(Self { items })
    }

    /// What the shipped client takes: the first item.
    /// Errors: [`FeedError`] when a part is missing or stands there twice with different values.
    pub fn offer(&self) -> Result<Offer, FeedError> {
        let refuse = |because: String| Err(FeedError(format!("the first item {because}")));
        let Some((item, enclosure)) = self.items.first().and_then(|item| Some((item, item.enclosure.as_ref()?))) else {
            return refuse("has no <enclosure>".to_owned());
        };
        let version = match (item.own.sparkle.get("version"), enclosure.sparkle.get("version")) {
            (None, None) => return refuse("has no sparkle:version, which clients read as 0".to_owned()),
            (Some(element), Some(attribute)) if element != attribute => {
                return refuse(format!("has two versions, `{}` and `{}`", text::excerpt(element, 40), text::excerpt(attribute, 40)));
            }
            (_, Some(version)) | (Some(version), None) => version.clone(),
        };
        let Some(url) = enclosure.plain.get("url").filter(|url| !url.is_empty()) else {
            return refuse("has an enclosure without url".to_owned());
        };
        let length = enclosure.plain.get("length").map(String::as_str).unwrap_or_default();
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let Some(length_bytes) = digits.then(|| length.parse().ok()).flatten().filter(|bytes| *bytes > 0) else {
            return refuse(format!("has the length `{}`, so clients skip the only check they make", text::excerpt(length, 30)));
        };
        Ok(Offer { version, url: url.clone(), length_bytes })
    }

    /// The signature of the first item's bytes: `sparkle:edSignature`, else what the real server writes into `sparkle:dsaSignature`.
    pub fn signature(&self) -> Option<&str> {
        let enclosure = self.items.first()?.enclosure.as_ref()?;
        let given = |name: &str| enclosure.sparkle.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        given("edSignature").or_else(|| given("dsaSignature"))
    }
}

impl Offer {
    /// Everything in which the offer differs from what was announced; empty when clients get what was meant.
    pub fn differences(&self, announced: &Announced<'_>) -> Vec<String> {
        let mut differences = Vec::new();
        if self.version != announced.version.to_string() {
            differences.push(format!("sparkle:version is `{}`", text::excerpt(&self.version, 40)));
        }
        if self.length_bytes != announced.size_bytes {
            differences.push(format!("the length is {}", self.length_bytes));
        }
        if self.url != announced.url {
            differences.push(format!("the url is {}", text::excerpt(&self.url, 160)));
        }
        if !url::is_safe(&self.url) {
            differences.push("the url is not a plain https URL, so clients refuse it".to_owned());
        }
        if self.url.contains('#') {
            differences.push("the url has a fragment, so clients cannot tell the kind of file from its end".to_owned());
        }
        differences
    }
}

/// What every gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether a text is an HTML page, which is XML only by chance.
pub fn is_page(text: &str) -> bool {
    let text = text.trim_start();
    ["<!doctype html", "<html"].iter().any(|start| text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

/// Longest text times references in it, in bytes, of a feed that defines entities: one reference can become 255 times the text.
const MAX_EXPANSION: usize = 256 << 10;

/// Parses XML as clients do, which read a document type and the entities that stand in it, and never fetch others.
fn parse(text: &str) -> Result<Document<'_>, FeedError> {
    if text.contains("<!ENTITY") && text.len().saturating_mul(text.matches('&').count()) > MAX_EXPANSION {
        let because = "its document type (DTD) defines entities, and it refers to them so often that clients refuse to expand them";
        return Err(FeedError(because.to_owned()));
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::UnknownEntityReference(name, _) if text.contains("<!DOCTYPE") => {
            let name = text::excerpt(&name, 40);
            FeedError(format!("its document type (DTD) does not define the entity `&{name};`, and no client fetches another one"))
        }
        roxmltree::Error::EntityReferenceLoop(_) => {
            FeedError("its document type (DTD) defines entities of entities, too deep or without end, which clients refuse".to_owned())
        }
        error => FeedError(format!("it is no well-formed XML: {}", text::excerpt(&error.to_string(), 160))),
    })
}

/// A namespace that was meant to be Sparkle's and is not, by its prefix or by its text.
fn misspelt_namespace(document: &Document<'_>) -> Option<String> {
    let namespaces = document.descendants().flat_map(|node| node.namespaces());
    let meant = |uri: &str| uri.to_ascii_lowercase().contains("sparkle");
    namespaces
        .filter(|namespace| namespace.uri() != NAMESPACE)
        .find(|namespace| namespace.name() == Some("sparkle") || meant(namespace.uri()))
        .map(|namespace| namespace.uri().to_owned())
}

fn item(node: Node<'_, '_>) -> Item {
    let mut item = Item::default();
    for child in node.children().filter(Node::is_element) {
        item.own.keep(child.tag_name().namespace(), child.tag_name().name(), text_of(child).trim());
    }
    item.enclosure = child(node, "enclosure").map(|node| {
        let mut values = Values::default();
        node.attributes().for_each(|attribute| values.keep(attribute.namespace(), attribute.name(), attribute.value()));
        values
    });
    item
}

/// The text of an element up to its first child element, as clients read it: a comment parts it for a parser, and for them not.
fn text_of(node: Node<'_, '_>) -> String {
    node.children().take_while(|child| !child.is_element()).filter(Node::is_text).filter_map(|text| text.text()).collect()
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.is_element() && child.has_tag_name(name) && child.tag_name().namespace().is_none())
}

#[cfg(test)]
mod tests;
