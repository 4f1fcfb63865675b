//! The integer constants that array lengths in the layouts are written with.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail, Context, Result};
use syn::{BinOp, Expr, Lit};

/// Constants by name: `MAX_BANKS`, or `Registry::TAIL` for one that belongs to a type.
#[derive(Default)]
pub struct Constants(BTreeMap<String, Expr>);

impl Constants {
    /// Notes a constant of a module, or of a type's `impl`.
    pub fn insert(&mut self, owner: Option<&str>, name: &str, value: &Expr) {
        self.0.insert(owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}::{name}")), value.clone());
    }

    /// The value of an expression of literals, constants, `+`, `-`, `*` and parentheses; `owner` is what `Self` means.
    ///
    /// # Errors
    /// Another kind of expression, an unknown constant, or a value that is not a size.
    pub fn size(&self, expression: &Expr, owner: &str) -> Result<usize> {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().context("an array length"),
                _ => bail!("an array length is not an integer"),
            },
            Expr::Paren(inner) => self.size(&inner.expr, owner),
            Expr::Path(path) => {
                let parts: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
                let name = parts.join("::").replace("Self::", &format!("{owner}::"));
                let value = self.0.get(&name).ok_or_else(|| anyhow!("the constant {name} is not known"))?;
                self.size(value, name.split_once("::").map_or(owner, |(owner, _)| owner))
            }
            Expr::Binary(binary) => {
                let (left, right) = (self.size(&binary.left, owner)?, self.size(&binary.right, owner)?);
                let value = match binary.op {
                    BinOp::Add(_) => left.checked_add(right),
                    BinOp::Sub(_) => left.checked_sub(right),
                    BinOp::Mul(_) => left.checked_mul(right),
                    _ => None,
                };
                value.ok_or_else(|| anyhow!("an array length of {owner} is not a size"))
            }
            _ => bail!("an array length of {owner} is not a sum or product of constants"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Constants;

    #[test]
    fn lengths_are_sums_and_products_of_constants_of_modules_and_types() {
        let mut constants = Constants::default();
        constants.insert(None, "BANKS", &syn::parse_quote!(64));
        constants.insert(Some("Registry"), "LEN", &syn::parse_quote!(30_720));
        constants.insert(Some("Registry"), "TAIL", &syn::parse_quote!(Self::LEN - 8 - (8 + 32) - BANKS * 112));
        assert_eq!(constants.size(&syn::parse_quote!(Registry::TAIL), "Other").unwrap(), 23_504);
        assert!(constants.size(&syn::parse_quote!(BANKS - 65), "Other").is_err());
        assert!(constants.size(&syn::parse_quote!(UNKNOWN), "Other").is_err());
    }
}
