using ECapture.Storage.Reading.Expressions;

namespace ECapture.Tests.Unit.Storage.Expressions;

public sealed class FilterExpressionTests
{
    [Theory]
    [InlineData("process == \"curl\" and port == 443 and sql ~ \"drop table\"")]
    [InlineData("process==\"curl\"&&(port==443||port==80)&&!(uid==0)")]
    [InlineData("NOT pid IN (1, 2, 3) AND address == 10.0.0.0/8")]
    [InlineData("module not in (tls, gnutls) or direction == sent")]
    [InlineData("host == 'a \\'quoted\\' name' and process == web-server.1")]
    [InlineData("connection == 8d1f00c300000001 and flow != ffffffffffffffff")]
    [InlineData("sql_duration >= 1.5s and exit_status == -1 and remote_address == fe80::/10")]
    [InlineData("command =~ \"^(sudo|su)\\s+[^-]{1,20}\\.sh$\"")]
    public void Parse_WholeExpression_IsRead(string text) => Assert.NotNull(FilterExpression.Parse(text));

    [Theory]
    [InlineData("", 1, "where a field should stand")]
    [InlineData("   ", 4, "where a field should stand")]
    [InlineData("proces == \"curl\"", 1, "did you mean 'process'?")]
    [InlineData("process = \"curl\"", 9, "equality is '=='")]
    [InlineData("process == ", 12, "the end where process takes a value")]
    [InlineData("process == \"curl", 12, "no closing \"")]
    [InlineData("process == \"curl\\", 12, "no closing \"")]
    [InlineData("process == \"a\\d\"", 14, "no escape of a text")]
    [InlineData("process == \"a\\xZZ\"", 14, "two hexadecimal digits")]
    [InlineData("process ~ \"\"", 11, "is in every text")]
    [InlineData("process < \"a\"", 9, "== != ~ !~ =~ in")]
    [InlineData("port ~ 4", 6, "== != < <= > >= in")]
    [InlineData("port == http", 9, "takes a whole number")]
    [InlineData("port == 99999999999999999999", 9, "takes a whole number")]
    [InlineData("address == 10.0.0", 12, "an address or prefix")]
    [InlineData("connection == 12", 15, "16 hexadecimal digits")]
    [InlineData("sql_duration > 5", 16, "a length of time")]
    [InlineData("sql_duration > 99999999999999999h", 16, "a length of time")]
    [InlineData("module == tsl", 11, "did you mean 'tls'?")]
    [InlineData("direction < sent", 11, "== != in")]
    [InlineData("pid in 1", 8, "where the list of 'in' should begin")]
    [InlineData("pid in (1 2)", 11, "separated by commas")]
    [InlineData("pid in ()", 9, "where pid takes a value")]
    [InlineData("(pid == 1", 10, "the parenthesis of column 1 should close")]
    [InlineData("pid == 1 pid == 2", 10, "join conditions with 'and' or 'or'")]
    [InlineData("pid == 1 and", 13, "where a field should stand")]
    [InlineData("pid == 1; drop", 9, "';' has no meaning here")]
    [InlineData("pid == 1 \u0000", 10, "has no meaning here")]
    [InlineData("command =~ \"a(b\"", 14, "does not end")]
    [InlineData("command =~ \"a)\"", 14, "closes nothing")]
    [InlineData("command =~ \"[b-a]\"", 15, "from one character to a later one")]
    [InlineData("command =~ \"[a\"", 13, "does not end")]
    [InlineData("command =~ \"[^\\d\\D]\"", 13, "no character is in this class")]
    [InlineData("command =~ \"*a\"", 13, "repeats nothing")]
    [InlineData("command =~ \"a**\"", 15, "two repetitions")]
    [InlineData("command =~ \"a{2,1}\"", 14, "{m,n}")]
    [InlineData("command =~ \"a{101}\"", 14, "{m,n}")]
    [InlineData("command =~ \"(a{100}){100}\"", 13, "too large")]
    [InlineData("command =~ \"\\b\"", 13, "not part of this subset")]
    [InlineData("command =~ \"(?:a)\"", 13, "not part of this subset")]
    [InlineData("command =~ \"\"", 13, "1 to 1000 characters")]
    public void Parse_Wrong_SaysWhereAndWhy(string text, int column, string why)
    {
        FilterSyntaxException e = Assert.Throws<FilterSyntaxException>(() => FilterExpression.Parse(text));

        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Equal(column, e.Column);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Parse_TooMuch_IsRefused()
    {
        Assert.Contains("nest", Assert.Throws<FilterSyntaxException>(() => FilterExpression.Parse(new string('(', 5000))).Message, StringComparison.Ordinal);
        Assert.Contains("8192", Assert.Throws<FilterSyntaxException>(() => FilterExpression.Parse(new string(' ', 9000))).Message, StringComparison.Ordinal);
        string many = string.Join(" or ", Enumerable.Repeat("pid == 1", 201));
        Assert.Contains("200 comparisons", Assert.Throws<FilterSyntaxException>(() => FilterExpression.Parse(many)).Message, StringComparison.Ordinal);
        string groups = "data =~ \"" + new string('(', 30) + new string(')', 30) + "\"";
        Assert.Contains("nest", Assert.Throws<FilterSyntaxException>(() => FilterExpression.Parse(groups)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_RandomText_IsReadOrRefusedWithAColumn()
    {
        string[] pieces = ["pid", "process", "sql", "==", "!=", "~", "=~", "in", "(", ")", ",", "and", "or", "not", "!", "\"a\"", "\"", "'", "\\", "1", "[", "]", "{", "x", "ü", "\u0000", "\ud800", " ", "\n"];
        var random = new Random(11);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                FilterExpression.Parse(text);
                read++;
            }
            catch (FilterSyntaxException e)
            {
                Assert.InRange(e.Column, 1, text.Length + 1);
            }
        }

        Assert.NotEqual(0, read);
    }

    [Theory]
    [InlineData("port == 443 and host == \"web1\"", false)]
    [InlineData("port == 443 and not (pid == 1 or data ~ \"x\")", true)]
    [InlineData("sql_user == \"root\"", false)]
    [InlineData("command =~ \"^sudo\"", true)]
    public void UsesPayload_ByItsFields(string text, bool uses) => Assert.Equal(uses, FilterExpression.Parse(text).UsesPayload);

    [Fact]
    public void Documentation_NamesEveryField()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "query.md"));

        Assert.All(FilterFields.All, field => Assert.Contains($"| `{field.Name}` | {field.Type.ToString().ToLowerInvariant()} | ", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Examples_OfEveryField_AreRead() => Assert.All(FilterFields.All, field => Assert.NotNull(FilterExpression.Parse(field.Example)));
}
