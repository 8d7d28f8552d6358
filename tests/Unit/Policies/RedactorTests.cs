using System.Text;
using ECapture.Policies;
using ECapture.Policies.Redaction;

namespace ECapture.Tests.Unit.Policies;

public sealed class RedactorTests
{
    // «…» marks what must be overwritten; without marks nothing may be.
    [Theory]
    [InlineData("«4111111111111111»")]
    [InlineData("card=«4111 1111 1111 1111»&next")]
    [InlineData("\"«4111-1111-1111-1111»\"")]
    [InlineData("amex «3782 822463 10005», diners «3056 930902 5904»")]
    [InlineData("«4222222222222» is a short one, «6304000000000000018» hardly")]
    [InlineData("n=«4111%201111%201111%201111»&m=«5555+5555+5555+4444»")]
    [InlineData("12 «4111 1111 1111 1111» 99")]
    [InlineData("«4111.1111.1111.1111»")]
    [InlineData("«5105105105105100»,«2223003122003222»")]
    [InlineData("4111111111111112")]
    [InlineData("4111 1111 1111 1112")]
    [InlineData("41111111111111111111111111111111")]
    [InlineData("0.4111111111111111")]
    [InlineData("1763629384123456781")]
    [InlineData("4111 11111111 1111")]
    [InlineData("411111111111")]
    [InlineData("")]
    public void Find_CardNumbers_MatchesWhatLuhnAccepts(string marked) => Check(RedactionRule.CardNumber, marked);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nAuthorization: Bearer «abc.def-ghi_jkl»\r\nHost: x\r\n\r\n")]
    [InlineData("authorization:Basic   «dXNlcjpwYXNz»  \r\n")]
    [InlineData("PROXY-AUTHORIZATION: «raw»\n")]
    [InlineData("Authorization: Digest «username=\"u\", response=\"0123\"»\r\nA: b")]
    [InlineData("Authorization: Bearer «abc\r\n def»\r\nA: b")]
    [InlineData("curl -H 'Authorization: Bearer «abc»' https://h/")]
    [InlineData("{\"Authorization\": \"Bearer «abc»\", \"a\": \"b\"}")]
    [InlineData("\"{\\\"authorization\\\":\\\"Bearer «abc»\\\",\\\"a\\\":1}\"")]
    [InlineData("token is bearer «abcdef12345» ok")]
    [InlineData("Authorization: Bearer «not ended")]
    [InlineData("X-Authorization-Kind: Bearer x\r\n")]
    [InlineData("the bearer instruments are bearer bonds")]
    [InlineData("unauthorization: Bearer x")]
    [InlineData("Authorization of the bearer")]
    public void Find_BearerTokens_MatchesCredentials(string marked) => Check(RedactionRule.BearerToken, marked);

    [Theory]
    [InlineData("Cookie: sid=«abc»; theme=«dark»\r\nA: b=c; d=e\r\n")]
    [InlineData("set-cookie: sid=«abc»; Path=/; HttpOnly\r\nSet-Cookie: b=«\"q r\"»\r\n")]
    [InlineData("cookie:«bare»\r\n")]
    [InlineData("curl -H 'Cookie: a=«b»' x")]
    [InlineData("Cookie: a=\r\nA: b=c")]
    [InlineData("Cookies: a=b\r\n")]
    [InlineData("my cookie is good: yes")]
    public void Find_Cookies_MatchesValues(string marked) => Check(RedactionRule.Cookie, marked);

    [Theory]
    [InlineData("CREATE ROLE bob LOGIN PASSWORD '«s3cret»' VALID UNTIL 'infinity'")]
    [InlineData("alter user bob with encrypted password '«it''s»'")]
    [InlineData("ALTER ROLE bob PASSWORD E'«a\\'b»'; SELECT 'x'")]
    [InlineData("ALTER ROLE bob PASSWORD /* new */ $p$«s'ecret»$p$")]
    [InlineData("ALTER ROLE bob PASSWORD -- new\n '«s3cret»'")]
    [InlineData("CREATE ROLE bob PASSWORD '«not ended")]
    [InlineData("CREATE USER 'bob'@'%' IDENTIFIED BY '«s3cret»' REQUIRE SSL")]
    [InlineData("CREATE USER bob IDENTIFIED BY PASSWORD '«*AB»'")]
    [InlineData("ALTER USER bob IDENTIFIED WITH 'mysql_native_password' BY '«new»' REPLACE '«old»'")]
    [InlineData("CREATE USER bob IDENTIFIED WITH caching_sha2_password AS '«hash»'")]
    [InlineData("CREATE USER b IDENTIFIED VIA mysql_native_password USING PASSWORD('«a»') OR unix_socket")]
    [InlineData("GRANT ALL ON *.* TO 'u'@'h' IDENTIFIED BY '«s3cret»'")]
    [InlineData("SET PASSWORD = '«s3cret»'")]
    [InlineData("SET PASSWORD FOR 'bob'@'%' = PASSWORD('«s3cret»')")]
    [InlineData("SET PASSWORD FOR bob@localhost = '«s3cret»'")]
    [InlineData("CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='«s3cret»'")]
    [InlineData("CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'bob', password '«s3cret»')")]
    [InlineData("CREATE SUBSCRIPTION s CONNECTION 'host=h password=«s3cret» dbname=d'")]
    [InlineData("CREATE SUBSCRIPTION s CONNECTION 'host=h password=''«s3 cret»'' dbname=d'")]
    [InlineData("SELECT dblink('postgres://bob:«s3cret»@h/d', 'SELECT 1')")]
    [InlineData("UPDATE users SET password = crypt('«s3cret»', gen_salt('bf')) WHERE name = 'bob'")]
    [InlineData("UPDATE users SET \"password\" = '«s3cret»'")]
    [InlineData("SELECT * FROM users WHERE password='«s3cret»' AND name='bob'")]
    [InlineData("INSERT INTO j VALUES ('{\"user\":\"bob\",\"password\": \"«s3cret»\"}')")]
    [InlineData("SELECT f('{''a'': 1}'), \"{'password': '«s3cret»'}\"")]
    [InlineData("SELECT * FROM settings WHERE name = 'password' AND value = 'x'")]
    [InlineData("CREATE ROLE bob PASSWORD'«s3cret»'")]
    [InlineData("Server=h;Uid=u;Pwd=«s3cret»;Database=d")]
    [InlineData("SELECT password, 'x' FROM users")]
    [InlineData("ALTER USER bob PASSWORD EXPIRE; SELECT 'x'")]
    [InlineData("SELECT password_hash FROM t WHERE a = 'x'")]
    [InlineData("ALTER ROLE bob PASSWORD NULL; SELECT 'x'")]
    [InlineData("SELECT * FROM users WHERE password = $1 AND name = 'x'")]
    [InlineData("SELECT 'http://host/path', 'a:b@c'")]
    public void Find_SqlPasswords_MatchesLiterals(string marked) =>
        Check(RedactionRule.SqlPassword, marked);

    [Theory]
    [InlineData("mysql -uroot -p«s3cret» db")]
    [InlineData("sudo /usr/bin/mysqldump --user=root '-p«s3cret'» db > x")]
    [InlineData("mysql --password=«s3cret» -e 'select 1'")]
    [InlineData("mysql -p db; psql -p 5433")]
    [InlineData("tool --password «s3cret» --verbose")]
    [InlineData("tool --db-password=«'two words'» --token «abc»")]
    [InlineData("PGPASSWORD=«s3cret» psql -h db")]
    [InlineData("export API_TOKEN=«abc» AWS_SECRET_ACCESS_KEY=«\"x y\"»; echo done")]
    [InlineData("env MYSQL_PWD=«x» mysql")]
    [InlineData("docker run -e DB_PASSWORD=«x» image")]
    [InlineData("curl -u bob:«s3cret» https://h/")]
    [InlineData("curl -ubob:«s3cret» --proxy-user p:«q» https://h/")]
    [InlineData("curl --user=bob:«s3cret» https://h/ | jq .")]
    [InlineData("curl https://bob:«s3cret»@host/path")]
    [InlineData("curl -b sid=«s3cret» --cookie 'a=«b; c=d'» -b jar.txt https://h/")]
    [InlineData("sshpass -p «s3cret» ssh bob@h")]
    [InlineData("sshpass -p«s3cret» ssh -p 2222 h")]
    [InlineData("ldapsearch -D cn=x -w «s3cret» -b dc=x")]
    [InlineData("redis-cli -h r -a «s3cret» ping")]
    [InlineData("docker login -u bob -p «s3cret» registry")]
    [InlineData("psql 'host=h user=u password=«s3cret»'")]
    [InlineData("openssl rsa -passin pass:«s3cret» -in k")]
    [InlineData("ls | grep passwd && cat /etc/passwd")]
    [InlineData("PWD=/tmp OLDPWD=/x make")]
    [InlineData("tool --password-file=/run/x --no-password db")]
    [InlineData("ssh -p 2222 -u bob:x host")]
    [InlineData("git commit -m 'tokenizer: compass'")]
    [InlineData("export TOKENIZERS_PARALLELISM=false COMPASS=1")]
    public void Find_ShellPasswords_MatchesSecretsOfALine(string marked) => Check(RedactionRule.ShellPassword, marked);

    [Theory]
    [InlineData("mysql|-p«s3cret two»|db")]
    [InlineData("sh|-c|mysql -p«s3cret» db")]
    [InlineData("tool|--password|«s3 cret»|x")]
    [InlineData("env|PGPASSWORD=«s3 cret»|psql")]
    [InlineData("curl|-u|bob:«s3 cret»|https://h/")]
    [InlineData("psql|-p|5432")]
    public void Find_Arguments_WordsAreArguments(string marked) =>
        Check(RedactionRule.ShellPassword, marked.Replace('|', '\0'), TextShape.Arguments);

    [Fact]
    public void Find_OwnPattern_MatchesBytes()
    {
        Redactor redactor = Make("""{"name":"badge","pattern":"B-[0-9]{6}"},{"name":"bytes","pattern":"\\xff\\x00+"}""");
        byte[] text = [.. "a B-123456 b "u8, 0xFF, 0, 0, 1];

        redactor.Find(text, TextShape.Lines);
        redactor.Overwrite(text, 0);
        RedactionTally tally = default;
        redactor.Count(0, text.Length, ref tally);

        Assert.Equal([.. "a ******** b ***"u8, 1], text);
        Assert.Equal((2u, 3u), (tally.Count, tally.Rules));
    }

    [Fact]
    public void Find_PatternThatBacktracks_IsLinear()
    {
        Redactor redactor = Make("""{"name":"evil","pattern":"(a+)+b"}""");

        redactor.Find(Encoding.ASCII.GetBytes(new string('a', 200_000)), TextShape.Lines); // would never end

        Assert.True(redactor.Matches.IsEmpty);
    }

    [Theory]
    [InlineData("identified by '")]
    [InlineData("identified by ")]
    [InlineData("password/*")]
    [InlineData("password --")]
    [InlineData("password $a$")]
    [InlineData("password=''x")]
    [InlineData("set password for ")]
    [InlineData("cookie: \"")]
    [InlineData("set-cookie:a;")]
    [InlineData("\"set-cookie:\\")]
    [InlineData("'authorization: x ")]
    [InlineData("authorization: Bearer ")]
    [InlineData("://u:")]
    [InlineData("mysql -p ; token= ")]
    [InlineData("4 4 4-4 ")]
    [InlineData("pass 'token ")]
    public void Find_HostileRepetition_IsReadOnce(string piece)
    {
        // 900,000 bytes: what reads the rest again for every occurrence does not come back.
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(piece, 900_000 / piece.Length)));
        Redactor redactor = Make("\"card-number\",\"bearer-token\",\"cookie\",\"sql-password\",\"shell-password\"");
        foreach (TextShape shape in (TextShape[])[TextShape.Lines, TextShape.Arguments])
        {
            redactor.Find(text, shape);
            Assert.True(redactor.Matches.IsEmpty || redactor.Matches[^1].End <= text.Length);
        }
    }

    [Fact]
    public void Find_OverlappingRules_OneRangeWithBoth()
    {
        Redactor redactor = Make("\"bearer-token\",\"shell-password\"");
        byte[] text = "export TOKEN='Authorization: Bearer abcdefghijklmnop'"u8.ToArray();

        redactor.Find(text, TextShape.Lines);

        Assert.Equal(3u, Assert.Single(redactor.Matches.ToArray()).Rules);
    }

    [Fact]
    public void Find_NothingMatches_AllocatesNothing()
    {
        Redactor redactor = Make("\"card-number\",\"bearer-token\",\"cookie\",\"sql-password\",\"shell-password\",{\"name\":\"own\",\"pattern\":\"B-[0-9]{6}\"}");
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"GET /page/{i}?user=bob HTTP/1.1\r\nHost: example.org\r\nAccept: text/html\r\n\r\n")));
        for (int i = 0; i < 50; i++)
        {
            redactor.Find(text, TextShape.Lines); // buffers and automata grow
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            redactor.Find(text, TextShape.Lines);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Check(string rule, string marked, TextShape shape = TextShape.Lines)
    {
        string text = marked.Replace("«", "", StringComparison.Ordinal).Replace("»", "", StringComparison.Ordinal);
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Redactor redactor = Make($"\"{rule}\"");
        redactor.Find(bytes, shape);
        redactor.Overwrite(bytes, 0);

        Assert.Equal(Masked(marked), Encoding.Latin1.GetString(bytes));
    }

    private static string Masked(string marked)
    {
        StringBuilder text = new();
        bool isSecret = false;
        foreach (char c in marked)
        {
            isSecret = c == '«' || (isSecret && c != '»');
            if (c is not ('«' or '»'))
            {
                text.Append(isSecret ? '*' : c);
            }
        }

        return text.ToString();
    }

    internal static Redactor Make(string rules)
    {
        PolicyReading reading = Policy.Read(Encoding.UTF8.GetBytes("{\"modules\":{\"tls\":{\"redact\":[" + rules + "]}}}"), "f", 1000);
        Assert.Empty(reading.Errors);
        return Redactor.For(reading.Policy!.For("tls"))!;
    }
}
