namespace ECapture.Query.Requests;

/// <summary>The name that somebody probably meant.</summary>
internal static class NearestName
{
    public static string Of(string given, IEnumerable<string> names) =>
        names.MinBy(n => Distance(given.ToUpperInvariant(), n.ToUpperInvariant()))!;

    /// <summary>Edits between two words, with words cut at 64 characters.</summary>
    private static int Distance(string a, string b)
    {
        a = a[..Math.Min(64, a.Length)];
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = a[i - 1] == b[j - 1] ? diagonal : 1 + Math.Min(diagonal, Math.Min(above, row[j - 1]));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
