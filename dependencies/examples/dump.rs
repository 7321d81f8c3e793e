fn main() {
    for path in std::env::args().skip(1) {
        match ftlint_dependencies::wheel::read(path.as_ref()) {
            Err(e) => println!("{path}\tERR\t{e}"),
            Ok(ms) => {
                for m in ms {
                    match m.read {
                        Ok(d) => println!("{path}\t{}\t{}\t{}", m.path, d.word(), d.reason()),
                        Err(e) => println!("{path}\t{}\tERR\t{e}", m.path),
                    }
                }
            }
        }
    }
}
