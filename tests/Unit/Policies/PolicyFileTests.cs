using System.Text;
using ECapture.Events;
using ECapture.Policies;

namespace ECapture.Tests.Unit.Policies;

public sealed class PolicyFileTests
{
    private const int PayloadLimit = 524_288;

    [Fact]
    public void Read_Nothing_KeepsEverything()
    {
        Policy policy = Policy.BuiltIn(PayloadLimit);

        Assert.Equal(Topics.All, policy.Modules.Select(m => m.Module));
        Assert.All(policy.Modules, m =>
        {
            Assert.Equal((PayloadLimit, PayloadLimit, Rotation.Day, null, null, false), (m.AgentKeep, m.SinkKeep, m.Rotation, m.RetentionAge, m.RetentionBytes, m.Archive));
            Assert.Empty(m.Redact);
            Assert.True(m.PublishesSecrets);
            Assert.All(m.Sources.Values, s => Assert.False(s.IsFile));
        });
        Assert.Null(policy.Storage.MinimumFree);
        Assert.Empty(policy.Warnings);
    }

    [Theory]
    [InlineData("""{"modules":{"tls":{"retention":{"age":"36h"}},"gotls":{"retention":{"age":"7d"}}}}""", 36, "modules.tls.retention.age")]
    [InlineData("""{"modules":{"default":{"retention":{"age":"2d"}},"tls":{"retention":{"age":"7d"}},"secret":{"retention":{"age":"7d"}}}}""", 48, "modules.default.retention.age")]
    [InlineData("""{"modules":{"tls":{"retention":{"age":"36h"}},"http":{"retention":{"age":"90d"}}}}""", 2160, "modules.http.retention.age")]
    public void Read_AgeOfHttp_IsThatOfThePlaintextThatGoesFirstUnlessSaid(string json, int hours, string source)
    {
        ModulePolicy http = Valid(json).For(Topics.Http);

        Assert.Equal(TimeSpan.FromHours(hours), http.RetentionAge);
        Assert.Equal(source, http.Sources["retention.age"].Path);
    }

    [Theory]
    [InlineData("""{"modules":{"http":{"redact":["cookie"]}}}""", "events of http cannot be redacted")]
    [InlineData("""{"modules":{"http":{"sink":{"keep":100}}}}""", "http is made of plaintext as it is kept: say it of tls, gnutls, gotls, nss")]
    public void Read_HttpWithWhatIsSaidOfPlaintext_IsRefused(string json, string message) =>
        Assert.Contains(message, Assert.Single(Errors(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ModuleAndDefault_ModuleGoesBeforeDefaultBeforeBuiltIn()
    {
        Policy policy = Valid("""
            {
              // what holds for all
              "modules": {
                "default": { "agent": {"keep": "256KiB"}, "sink": {"keep": "64KiB"}, "retention": {"age": "90d", "bytes": "50GiB"}, "redact": ["card-number"] },
                "tls": { "agent": {"keep": 1024}, "rotation": "hour", "retention": {"age": "36h"}, "archive": true,
                         "redact": ["cookie", {"name": "badge", "pattern": "B-[0-9]{6}"}], },
                "bash": { "redact": [], "retention": {"bytes": null} },
              },
              "storage": { "minimum_free": "10%", "archive_directory": "/srv/archive", "log_bytes": "8GiB", "dead_letters": "90d" }
            }
            """);

        ModulePolicy tls = policy.For("tls");
        ModulePolicy bash = policy.For("bash");
        Assert.Equal((1024, 1024, Rotation.Hour, TimeSpan.FromHours(36), 50L << 30, true), (tls.AgentKeep, tls.SinkKeep, tls.Rotation, tls.RetentionAge, tls.RetentionBytes, tls.Archive));
        Assert.Equal([new RedactionRule("cookie"), new RedactionRule("badge", "B-[0-9]{6}")], tls.Redact);
        Assert.False(tls.PublishesSecrets);
        Assert.Equal((256 << 10, 64 << 10, TimeSpan.FromDays(90), null), (bash.AgentKeep, bash.SinkKeep, bash.RetentionAge, bash.RetentionBytes));
        Assert.Empty(bash.Redact);
        Assert.Equal([new RedactionRule("card-number")], policy.For("postgres").Redact);
        Assert.Equal("modules.tls.retention.age", tls.Sources["retention.age"].Path);
        Assert.Equal(("modules.default.retention.bytes", 4), (tls.Sources["retention.bytes"].Path, tls.Sources["retention.bytes"].Line));
        Assert.False(bash.Sources["rotation"].IsFile);
        Assert.Equal((new FreeSpace(10, 0), "/srv/archive", 8L << 30), (policy.Storage.MinimumFree, policy.Storage.ArchiveDirectory, policy.Storage.LogBytes));
        Assert.Equal(new LetterAge(TimeSpan.FromDays(90)), policy.Storage.DeadLetters);
    }

    [Fact]
    public void Read_DefaultOfAll_SparesWhatItWouldSpoil()
    {
        Policy policy = Valid("""{"modules":{"default":{"agent":{"keep":10},"redact":["card-number"],"retention":{"bytes":"1GiB"}}}}""");

        Assert.Equal((PayloadLimit, null), (policy.For("secret").AgentKeep, policy.For("secret").RetentionBytes));
        Assert.All((string[])["packet", "secret", "connection", "agent"], topic => Assert.Empty(policy.For(topic).Redact));
        Assert.All((string[])["tls", "gnutls", "gotls", "bash", "process", "postgres", "mysqld"], topic => Assert.Single(policy.For(topic).Redact));
    }

    [Fact]
    public void Read_ShellIsRedacted_SoAreTheArgumentsOfPrograms()
    {
        Policy policy = Valid("""{"modules":{"default":{"redact":["cookie"]},"bash":{"redact":["shell-password"]}}}""");

        Assert.Equal(["cookie", "shell-password"], policy.For("process").Redact.Select(r => r.Name));
        Assert.Equal("modules.bash.redact", policy.For("process").Sources["redact"].Path);
        Assert.Empty(Valid("""{"modules":{"bash":{"redact":["shell-password"]},"process":{"redact":[]}}}""").For("process").Redact);
    }

    [Fact]
    public void Read_KeysKeptUnderRedaction_Warns()
    {
        Policy policy = Valid("""{"modules":{"tls":{"redact":["cookie"],"keys":"keep"}}}""");

        Assert.True(policy.For("tls").PublishesSecrets);
        Assert.Contains("tls: keys are kept", Assert.Single(policy.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ManyErrors_GivesEachWithLinePathAndWhatWouldBeRight()
    {
        IReadOnlyList<PolicyError> errors = Errors("""
            {
              "modules": {
                "tsl": {},
                "default": { "rotation": "dayly", "rotation": "day" },
                "tls": {
                  "retention": {"age": "90x", "byts": 1},
                  "agent": {"keep": "2GiB"}, "sink": 5,
                  "redact": ["card-numbers", {"name": "Bad Name", "pattern": "(a"}, {"pattern": "x*"}, 7, {"name": "back", "pattern": "(a)\\1"}],
                  "archive": "yes"
                }
              },
              "storage": { "minimum_free": "95%", "archive_directory": "here", "log_bytes": 1, "dead_letters": "1m" },
              "extra": 1
            }
            """);

        string[] expected =
        [
            "f:3: modules.tsl: there is no such module; did you mean tls?",
            "f:4: modules.default.rotation: is given twice, on line 4 before",
            "f:4: modules.default.rotation: \"dayly\" is none of day, hour; did you mean day?",
            "f:6: modules.tls.retention.age: \"90x\" is no duration; give e.g. 36h, 90d",
            "f:6: modules.tls.retention.byts: there is no such setting; did you mean bytes?",
            "f:7: modules.tls.agent.keep: \"2GiB\" is not from 0B to 900000B",
            "f:7: modules.tls.sink: 5 is no object",
            "f:8: modules.tls.redact[0]: \"card-numbers\" is no named rule; did you mean card-number?",
            "f:8: modules.tls.redact[1].name: \"Bad Name\" is no name",
            "f:8: modules.tls.redact[1].pattern: \"(a\" is no regular expression: ",
            "f:8: modules.tls.redact[2].name: is missing",
            "f:8: modules.tls.redact[2].pattern: \"x*\" matches the empty text",
            "f:8: modules.tls.redact[3]: 7 is neither",
            "f:8: modules.tls.redact[4].pattern: \"(a)\\1\" cannot be matched in linear time",
            "f:9: modules.tls.archive: \"yes\" is neither true nor false",
            "f:12: storage.minimum_free: \"95%\" is not from 1% to 90%",
            "f:12: storage.archive_directory: \"here\" is no absolute path",
            "f:12: storage.log_bytes: 1 is not from 16MiB to 1024TiB",
            "f:12: storage.dead_letters: \"1m\" is not from 1h to ",
            "f:13: extra: there is no such setting",
        ];
        Assert.All(expected, e => Assert.Contains(errors, error => error.In("f").StartsWith(e, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, errors.Count);
    }

    [Theory]
    [InlineData("""{"modules":{"tls":{"agent":{"keep":100},"sink":{"keep":200}}}}""", "modules.tls.sink.keep: 200B is more than the agent keeps, 100B")]
    [InlineData("""{"modules":{"default":{"sink":{"keep":"600KiB"}}}}""", "modules.default.sink.keep: 600KiB is more than the agent keeps, 512KiB")]
    [InlineData("""{"modules":{"packet":{"redact":["cookie"]}}}""", "modules.packet.redact: events of packet cannot be redacted")]
    [InlineData("""{"modules":{"bash":{"keys":"keep"}}}""", "modules.bash.keys: bash has no TLS keys")]
    [InlineData("""{"modules":{"secret":{"retention":{"bytes":"1GiB"}}}}""", "modules.secret.retention.bytes: secrets are not dropped by size")]
    [InlineData("""{"modules":{"secret":{"agent":{"keep":1}}}}""", "modules.secret.agent.keep: secrets are not cut")]
    [InlineData("""{"modules":{"secret":{"retention":{"age":"30d"}}}}""", "modules.secret.retention.age: 30d is shorter than that of tls, whose events need their secrets: give null (for ever)")]
    [InlineData(
        """{"modules":{"default":{"retention":{"age":"30d"}},"packet":{"retention":{"age":"90d"}}}}""",
        "modules.secret.retention.age: 30d (from modules.default.retention.age) is shorter than that of packet, whose events need their secrets: give at least 90d")]
    public void Read_SettingsThatDoNotGoTogether_SaysWhich(string json, string expected)
    {
        IReadOnlyList<PolicyError> errors = Errors(json);

        Assert.All(errors, e => Assert.StartsWith("f:1: " + expected, e.In("f"), StringComparison.Ordinal));
        Assert.Single(errors);
    }

    [Theory]
    [InlineData("{\n\"modules\": {\n", "f:3: is no JSON")]
    [InlineData("{} x", "f:1: is no JSON")]
    [InlineData("", "f:1: is no JSON")]
    [InlineData("[]", "f:1: a list is no policy")]
    [InlineData("{\"modules\":{\"\\ud800\":1}}", "f:1: is no JSON")]
    public void Read_NoPolicyAtAll_SaysWhere(string json, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Errors(json)).In("f"), StringComparison.Ordinal);

    [Fact]
    public void Load_NoFile_NamesIt()
    {
        PolicyException error = Assert.Throws<PolicyException>(() => Policy.Load("/nowhere/policy.json", PayloadLimit));

        Assert.Contains("/nowhere/policy.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90d", 90 * 86400L)]
    [InlineData("2w", 14 * 86400L)]
    [InlineData("36h", 36 * 3600L)]
    [InlineData("1.5h", null)]
    [InlineData("-1h", null)]
    [InlineData("h", null)]
    [InlineData("99999999999999999d", null)]
    public void ParseDuration_Text_GivesSeconds(string text, long? seconds) =>
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, Units.ParseDuration(text));

    [Theory]
    [InlineData("64KiB", 65536L)]
    [InlineData("1 GB", 1_000_000_000L)]
    [InlineData("17", 17L)]
    [InlineData("17B", 17L)]
    [InlineData("64kib", null)]
    [InlineData("9999999TiB", null)]
    public void ParseSize_Text_GivesBytes(string text, long? bytes) => Assert.Equal(bytes, Units.ParseSize(text));

    private static Policy Valid(string json)
    {
        PolicyReading reading = Policy.Read(Encoding.UTF8.GetBytes(json), "f", PayloadLimit);
        Assert.Empty(reading.Errors);
        return reading.Policy!;
    }

    private static IReadOnlyList<PolicyError> Errors(string json)
    {
        PolicyReading reading = Policy.Read(Encoding.UTF8.GetBytes(json), "f", PayloadLimit);
        Assert.Null(reading.Policy);
        return reading.Errors;
    }
}
