namespace ECapture.Query.Pcap;

/// <summary>How many keys one statement names: they travel in a URL.</summary>
internal static class KeyChunks
{
    /// <summary>Ids in one statement.</summary>
    public const int Ids = 200;

    /// <summary>Client randoms in one statement.</summary>
    public const int Randoms = 50;

    /// <summary>Above so many statements one without keys, whose rows are chosen here, is less work.</summary>
    public const int Statements = 2;
}
