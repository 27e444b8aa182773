//! What the kitchen of the town cooks. Allergens by the words of the import's `menu.csv`.

pub(crate) struct Dish {
    pub name: &'static str,
    pub allergens: &'static str,
    pub meat: Meat,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meat {
    None,
    Pork,
    Other,
}

const fn dish(name: &'static str, allergens: &'static str) -> Dish {
    Dish { name, allergens, meat: Meat::None }
}

const fn meat(name: &'static str, allergens: &'static str) -> Dish {
    Dish { name, allergens, meat: Meat::Other }
}

const fn pork(name: &'static str, allergens: &'static str) -> Dish {
    Dish { name, allergens, meat: Meat::Pork }
}

/// Four weeks of five days, in winter.
pub(crate) static WINTER_FIRST: [Dish; 20] = [
    dish("Pasta al pomodoro", "glutine"),
    dish("Passato di verdura con crostini", "glutine sedano"),
    dish("Risotto allo zafferano", "latte"),
    dish("Pasta e fagioli", "glutine sedano"),
    dish("Gnocchi di patate al pomodoro", "glutine uova"),
    dish("Pasta al ragù vegetale", "glutine sedano"),
    dish("Riso in brodo", "sedano"),
    dish("Polenta", ""),
    dish("Pasta integrale all'olio", "glutine"),
    dish("Crema di zucca con orzo", "glutine"),
    dish("Pasta al pesto", "glutine latte frutta_a_guscio"),
    dish("Minestrone con farro", "glutine sedano"),
    dish("Risotto alla zucca", "latte"),
    dish("Pasta al tonno", "glutine pesce"),
    dish("Pizza margherita", "glutine latte"),
    dish("Pasta con i broccoli", "glutine"),
    dish("Vellutata di ceci", "sedano"),
    dish("Risotto alla parmigiana", "latte"),
    dish("Pasta al forno", "glutine latte"),
    dish("Tortellini in brodo", "glutine uova latte sedano"),
];

pub(crate) static SUMMER_FIRST: [Dish; 20] = [
    dish("Pasta al pomodoro e basilico", "glutine"),
    dish("Riso freddo con verdure", ""),
    dish("Pasta con zucchine", "glutine"),
    dish("Orzo con pomodorini", "glutine"),
    dish("Pasta al pesto leggero", "glutine latte"),
    dish("Risotto con piselli", "latte"),
    dish("Pasta all'olio e parmigiano", "glutine latte"),
    dish("Crema di carote", "sedano"),
    dish("Gnocchi al pomodoro", "glutine uova"),
    dish("Pasta con melanzane", "glutine"),
    dish("Farro con verdure", "glutine"),
    dish("Pasta al tonno e pomodoro", "glutine pesce"),
    dish("Riso all'inglese", "latte"),
    dish("Pasta con pomodoro e ricotta", "glutine latte"),
    dish("Pizza margherita", "glutine latte"),
    dish("Pasta fredda con pomodorini", "glutine"),
    dish("Risotto al limone", "latte"),
    dish("Passato di legumi", "sedano"),
    dish("Pasta al ragù vegetale", "glutine sedano"),
    dish("Lasagne alle verdure", "glutine latte uova"),
];

pub(crate) static SECOND: [Dish; 20] = [
    meat("Petto di pollo ai ferri", ""),
    dish("Frittata al forno", "uova latte"),
    dish("Bastoncini di merluzzo al forno", "glutine pesce"),
    dish("Parmigiano Reggiano", "latte"),
    meat("Polpette di manzo al sugo", "glutine uova"),
    pork("Arista di maiale al latte", "latte"),
    dish("Platessa gratinata", "glutine pesce"),
    dish("Mozzarella", "latte"),
    meat("Tacchino agli aromi", ""),
    dish("Uova sode", "uova"),
    meat("Hamburger di vitellone", "glutine"),
    dish("Filetto di merluzzo al pomodoro", "pesce"),
    dish("Lenticchie in umido", "sedano"),
    pork("Prosciutto cotto", ""),
    dish("Stracchino", "latte"),
    meat("Bocconcini di pollo al limone", ""),
    dish("Tortino di patate e verdure", "uova latte"),
    dish("Seppie con piselli", "molluschi"),
    meat("Spezzatino di vitello", "sedano"),
    dish("Ricotta fresca", "latte"),
];

pub(crate) static SIDE: [Dish; 12] = [
    dish("Carote all'olio", ""),
    dish("Insalata verde", ""),
    dish("Patate al forno", ""),
    dish("Finocchi crudi", ""),
    dish("Piselli in umido", ""),
    dish("Spinaci all'olio", ""),
    dish("Pomodori in insalata", ""),
    dish("Fagiolini", ""),
    dish("Cavolfiore gratinato", "latte"),
    dish("Zucchine trifolate", ""),
    dish("Insalata mista", ""),
    dish("Purè di patate", "latte"),
];

pub(crate) static FRUIT: [Dish; 6] = [
    dish("Mela", ""),
    dish("Pera", ""),
    dish("Banana", ""),
    dish("Clementine", ""),
    dish("Yogurt alla frutta", "latte"),
    dish("Frutta di stagione", ""),
];

pub(crate) static BREAD: [Dish; 2] = [dish("Pane", "glutine"), dish("Pane integrale", "glutine")];

/// A diet the kitchen cooks for: what it may not hold, and what stands in for a dish that holds it.
pub(crate) struct Diet {
    pub code: &'static str,
    pub medical: bool,
    pub avoids: Avoids,
    pub weight: u32,
}

pub(crate) enum Avoids {
    /// the allergen, and how a dish without it is called
    Allergen(&'static str, &'static str),
    Pork,
    Meat,
}

pub(crate) static DIETS: [Diet; 6] = [
    Diet { code: "SG", medical: true, avoids: Avoids::Allergen("glutine", "senza glutine"), weight: 25 },
    Diet { code: "SL", medical: true, avoids: Avoids::Allergen("latte", "senza latte"), weight: 20 },
    Diet { code: "SU", medical: true, avoids: Avoids::Allergen("uova", "senza uova"), weight: 15 },
    Diet { code: "SP", medical: true, avoids: Avoids::Allergen("pesce", "senza pesce"), weight: 10 },
    Diet { code: "NM", medical: false, avoids: Avoids::Pork, weight: 80 },
    Diet { code: "VEG", medical: false, avoids: Avoids::Meat, weight: 40 },
];

/// The dish as it comes to the table for a diet: name and allergens; the same where nothing has to change.
pub(crate) fn for_diet(dish: &Dish, diet: &Diet) -> (String, String) {
    let as_it_is = || (dish.name.to_owned(), dish.allergens.to_owned());
    match diet.avoids {
        Avoids::Allergen(word, called) if dish.allergens.split(' ').any(|a| a == word) => {
            let rest: Vec<&str> = dish.allergens.split(' ').filter(|a| *a != word).collect();
            (format!("{} {called}", dish.name), rest.join(" "))
        }
        Avoids::Pork if dish.meat == Meat::Pork => ("Petto di tacchino ai ferri".to_owned(), String::new()),
        Avoids::Meat if dish.meat != Meat::None => ("Polpette di ceci".to_owned(), "sedano".to_owned()),
        _ => as_it_is(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diet_changes_what_it_must_and_nothing_else() {
        let pasta = &WINTER_FIRST[10];
        assert_eq!(for_diet(pasta, &DIETS[0]), ("Pasta al pesto senza glutine".to_owned(), "latte frutta_a_guscio".to_owned()));
        assert_eq!(for_diet(pasta, &DIETS[4]).0, "Pasta al pesto");
        assert_eq!(for_diet(&SECOND[13], &DIETS[4]).0, "Petto di tacchino ai ferri");
        assert_eq!(for_diet(&SECOND[0], &DIETS[5]).0, "Polpette di ceci");
    }
}
