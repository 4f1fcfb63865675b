//! What codes of other programs mean: those that a person meets who uses the engine.

use solana_pubkey::Pubkey;

const TOKEN_PROGRAMS: [Pubkey; 2] = [
    Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    Pubkey::from_str_const("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"),
];

/// Of the system program.
const SYSTEM: [(u32, &str); 3] = [
    (0, "there is an account at this address already"),
    (1, "the account that pays has too few lamports"),
    (3, "the account would be too large"),
];

/// Of the token programs.
const TOKEN: [(u32, &str); 6] = [
    (0, "the account has too few lamports for its size"),
    (1, "the token account holds too little"),
    (3, "the token account is of another mint"),
    (4, "the token account belongs to somebody else"),
    (13, "the token account is in a state that does not allow this"),
    (17, "the token account is frozen"),
];

/// Of Anchor, before the engine looks at anything.
const ANCHOR: [(u32, &str); 10] = [
    (101, "the program does not know this instruction: it is of another version than this client"),
    (2001, "an account lacks what it must be linked with"),
    (2006, "an account is not at the address that its seeds give"),
    (3002, "an account is of another type"),
    (3005, "too few accounts were named"),
    (3006, "an account that must be written is read-only"),
    (3007, "an account belongs to another program"),
    (3008, "a program is not the one that is expected"),
    (3010, "an account did not sign"),
    (3012, "there is no account where one is expected"),
];

/// Who refused and why, by the program that failed, where its logs say which, and its code.
pub fn words(program: Option<&str>, code: u32) -> Option<(&'static str, &'static str)> {
    let found = |list: &[(u32, &'static str)]| list.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
    let (name, text) = match program {
        Some(program) if program == Pubkey::default().to_string() => ("the system program", found(&SYSTEM)),
        Some(program) if TOKEN_PROGRAMS.iter().any(|known| known.to_string() == program) => {
            ("the token program", found(&TOKEN))
        }
        Some(program) if program == plimsoll_sdk::pda::PROGRAM_ID.to_string() => ("the engine", found(&ANCHOR)),
        // Codes of Anchor are the same for every program that uses it; smaller ones are each program's own.
        _ => ("a program", found(&ANCHOR)),
    };
    Some((name, text?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_what_the_program_that_failed_means_by_it() {
        let (system, token) = (Pubkey::default().to_string(), TOKEN_PROGRAMS[0].to_string());
        assert_eq!(
            words(Some(&system), 0),
            Some(("the system program", "there is an account at this address already"))
        );
        assert_eq!(words(Some(&token), 1), Some(("the token program", "the token account holds too little")));
        assert_eq!(words(Some("moon"), 3007), Some(("a program", "an account belongs to another program")));
        assert_eq!(words(None, 3012), Some(("a program", "there is no account where one is expected")));
        assert_eq!((words(Some("moon"), 0), words(None, 1), words(Some(&system), 77)), (None, None, None));
    }
}
