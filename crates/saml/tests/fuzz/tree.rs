//! A message as its writer sees it: names with their prefixes, attributes in order, text. Nothing is understood, so that
//! anything can be written.

#[derive(Clone, Debug, Default)]
pub struct Item {
    /// `saml:Assertion`; empty for text.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Written as it stands.
    pub text: String,
    pub children: Vec<usize>,
}

/// Items in the order they were made; the first is the root.
#[derive(Clone, Debug, Default)]
pub struct Tree(pub Vec<Item>);

impl Tree {
    /// Reads a well-formed message without comments.
    pub fn parse(text: &str) -> Tree {
        let (mut tree, mut open): (Tree, Vec<usize>) = (Tree::default(), Vec::new());
        for piece in text.split('<').skip(1) {
            let (tag, after) = piece.split_once('>').expect("a tag ends");
            if tag.starts_with('/') {
                open.pop();
            } else {
                let item = tree.add(element(tag.trim_end_matches('/')), open.last().copied());
                if !tag.ends_with('/') {
                    open.push(item);
                }
            }
            if !after.is_empty() {
                tree.add(Item { text: after.to_owned(), ..Item::default() }, open.last().copied());
            }
        }
        tree
    }

    pub fn add(&mut self, item: Item, parent: Option<usize>) -> usize {
        self.0.push(item);
        let added = self.0.len() - 1;
        if let Some(parent) = parent {
            self.0[parent].children.push(added);
        }
        added
    }

    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_item(0, &mut out);
        out
    }

    fn write_item(&self, at: usize, out: &mut String) {
        let item = &self.0[at];
        if item.name.is_empty() {
            out.push_str(&item.text);
            return;
        }
        out.push_str(&format!("<{}", item.name));
        for (name, value) in &item.attributes {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
        out.push('>');
        for child in &item.children {
            self.write_item(*child, out);
        }
        out.push_str(&format!("</{}>", item.name));
    }

    /// Whether `below` is `above` or somewhere in it.
    pub fn holds(&self, above: usize, below: usize) -> bool {
        above == below || self.0[above].children.iter().any(|child| self.holds(*child, below))
    }

    pub fn detach(&mut self, item: usize) {
        for other in &mut self.0 {
            other.children.retain(|child| *child != item);
        }
    }

    /// A copy of an item of another tree, with all below it.
    pub fn graft(&mut self, from: &Tree, item: usize) -> usize {
        let children: Vec<_> = from.0[item].children.iter().map(|child| self.graft(from, *child)).collect();
        self.add(Item { children, ..from.0[item].clone() }, None)
    }

    /// Puts an item among the children of another, at this place or the last.
    pub fn attach(&mut self, item: usize, parent: usize, place: usize) {
        let children = &mut self.0[parent].children;
        children.insert(place.min(children.len()), item);
    }
}

fn element(tag: &str) -> Item {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("a value ends");
        attributes.push((name.trim().to_owned(), value.to_owned()));
        rest = after;
    }
    Item { name: name.to_owned(), attributes, ..Item::default() }
}
