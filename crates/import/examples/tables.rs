//! Prints the tables of `docs/import.md`: what comes after its line "## The files".

fn main() {
    print!("{}", import::spec::markdown());
}
