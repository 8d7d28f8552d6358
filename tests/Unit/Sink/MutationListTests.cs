using ECapture.Tests.Support;

namespace ECapture.Tests.Unit.Sink;

/// <summary><c>make mutations</c> takes long; that its list still fits the code is seen at once.</summary>
public sealed class MutationListTests
{
    [Fact]
    public void List_EveryText_StandsOnceInItsFile()
    {
        string source = "";
        List<string> wrong = [];
        int texts = 0;
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "tests", "Mutations", "mutations.txt")))
        {
            if (line.StartsWith("file ", StringComparison.Ordinal))
            {
                source = File.ReadAllText(Path.Combine(Repository.Root, line[5..]));
            }
            else if (line is ['-' or '=', ' ', ..])
            {
                texts++;
                if (source.Split(line[2..].Replace("\\n", "\n", StringComparison.Ordinal)).Length != 2)
                {
                    wrong.Add(line);
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(texts > 40, $"{texts} texts");
    }
}
