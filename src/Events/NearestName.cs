namespace ECapture.Events;

/// <summary>Finds the name that somebody probably meant: errors of every room name it.</summary>
public static class NearestName
{
    /// <summary>The nearest candidate by edit distance, or null when none is near.</summary>
    public static string? Find(string given, IEnumerable<string> candidates)
    {
        (string Name, int Distance)? best = null;
        foreach (string candidate in candidates)
        {
            int distance = Distance(given, candidate);
            if (best is null || distance < best.Value.Distance)
            {
                best = (candidate, distance);
            }
        }

        return best is { } found && found.Distance <= Math.Max(2, given.Length / 2) && found.Distance < found.Name.Length ? found.Name : null;
    }

    // Levenshtein distance, one row at a time. What was given may be anything, so only its beginning counts.
    private static int Distance(string a, string b)
    {
        const int Longest = 64;
        a = a[..Math.Min(Longest, a.Length)];
        int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
