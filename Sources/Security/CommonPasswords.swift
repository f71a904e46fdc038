/// The passwords that guessing starts with, of those long enough to be allowed otherwise.
enum CommonPasswords {
    /// Whether `password`, in lower case, is one of them.
    static func contains(_ password: String) -> Bool {
        all.contains(password)
    }

    private static let all = Set(
        """
        12345678 123456789 1234567890 12345678910 0123456789 0987654321 987654321 87654321 123123123 123456123
        123321123 11111111 111111111 1111111111 00000000 000000000 0000000000 22222222 55555555 66666666 77777777 88888888
        99999999 12341234 11223344 1122334455 12344321 123454321 147258369 147852369 159753456 1q2w3e4r 1q2w3e4r5t
        1qaz2wsx 1qaz2wsx3edc qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwer1234 asdfghjk asdfghjkl
        asdf1234 zxcvbnm1 zxcvbnm123 zaq12wsx q1w2e3r4 q1w2e3r4t5 password password1 password12 password123 password1234
        password! password1! password01 passw0rd passw0rd1 p@ssw0rd p@ssword pa$$word pa55word mypassword passwort
        iloveyou iloveyou1 iloveyou2 iloveyou! iloveu123 sunshine sunshine1 princess princess1 football football1 baseball
        baseball1 basketball superman superman1 starwars starwars1 trustno1 whatever welcome1 welcome123 letmein1
        letmein123 michelle jennifer jessica1 charlie1 michael1 computer computer1 internet corvette mercedes maverick
        danielle samantha victoria elizabeth alexander midnight mustang1 chocolate butterfly blink182 abcd1234 abc12345
        abcdefgh abcdefg1 a1b2c3d4 aa123456 a123456789 1234qwer 123qweasd 123qwe123 qazwsxedc qweasdzxc adminadmin admin123
        admin1234 administrator changeme changeme123 default1 test1234 testtest secret123 master123 dragon123 monkey123
        shadow123 pokemon1 liverpool liverpool1 arsenal1 chelsea1 killer123 google123 facebook linkedin minecraft
        """.split { $0 == " " || $0 == "\n" }.map(String.init)
    )
}
