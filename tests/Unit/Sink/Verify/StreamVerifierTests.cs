using System.Security.Cryptography;
using ECapture.Sink.Verify;

namespace ECapture.Tests.Unit.Sink.Verify;

public sealed class StreamVerifierTests
{
    private readonly List<byte[]> _events = [.. Enumerable.Range(0, 100).Select(i => RandomNumberGenerator.GetBytes(i))];

    [Fact]
    public async Task End_NothingChanged_EverythingUpToTheLastCheckpointIsVerified()
    {
        StreamFindings found = await VerifyAsync(All(), Checkpoints(9, 49, 89));

        Assert.Equal((100L, 90L, 10L), (found.Stored, found.Verified, found.BehindLastCheckpoint));
        Assert.Equal((0ul, 0, 0L), (found.MissingCount, found.AlteredIntervals, found.TwiceCount));
    }

    [Fact]
    public async Task End_OneByteAltered_OneIntervalAndNoOther()
    {
        List<(ulong Sequence, byte[] Bytes)> stored = All();
        stored[30] = (30, [.. _events[30].AsSpan(0, 29), (byte)(_events[30][29] ^ 1)]);

        StreamFindings found = await VerifyAsync(stored, Checkpoints(9, 49, 89));

        Assert.Equal("10..49", Assert.Single(found.Altered).ToString());
        Assert.Equal((50L, 0ul, 0L), (found.Verified, found.MissingCount, found.TwiceCount));
    }

    [Fact]
    public async Task End_RowMissing_SaysWhichAndDoesNotCheckItsInterval()
    {
        List<(ulong Sequence, byte[] Bytes)> stored = All();
        stored.RemoveRange(30, 2);

        StreamFindings found = await VerifyAsync(stored, Checkpoints(9, 49, 89));

        Assert.Equal("30..31", Assert.Single(found.Missing).ToString());
        Assert.Equal((50L, 38L, 10L), (found.Verified, found.Unverified, found.BehindLastCheckpoint));
        Assert.Equal((2ul, 0), (found.MissingCount, found.AlteredIntervals));
    }

    [Fact]
    public async Task End_RowTwice_SaysWhichAndChecksTheRest()
    {
        List<(ulong Sequence, byte[] Bytes)> stored = All();
        stored.Insert(31, stored[30]);
        stored.Insert(31, stored[30]);

        StreamFindings found = await VerifyAsync(stored, Checkpoints(9, 49, 89));

        Assert.Equal("30", Assert.Single(found.Twice).ToString());
        Assert.Equal((2L, 90L, 0ul), (found.TwiceCount, found.Verified, found.MissingCount));
    }

    [Fact]
    public async Task End_BeginningMissing_GoesOnAtTheNextCheckpoint()
    {
        StreamFindings found = await VerifyAsync(All()[20..], Checkpoints(9, 19, 49));

        Assert.Equal("0..19", Assert.Single(found.Missing).ToString());
        Assert.Equal((30L, 50L, 0L), (found.Verified, found.BehindLastCheckpoint, found.Unverified)); // the checkpoint at 19 is enough to go on from
    }

    [Fact]
    public async Task End_CheckpointInsideAGap_NothingElseIsBlamed()
    {
        List<(ulong Sequence, byte[] Bytes)> stored = All();
        stored.RemoveRange(40, 20);

        StreamFindings found = await VerifyAsync(stored, Checkpoints(9, 49, 89));

        Assert.Equal("40..59", Assert.Single(found.Missing).ToString());
        Assert.Equal((10L, 60L, 0), (found.Verified, found.Unverified, found.AlteredIntervals));
    }

    [Fact]
    public async Task End_RowsBehindTheLastOneMissing_AreMissingAtTheEnd()
    {
        StreamFindings found = await VerifyAsync(All()[..80], Checkpoints(9, 89));

        Assert.Equal("80..89", Assert.Single(found.Missing).ToString());
        Assert.Equal("80..89", found.MissingAtEnd?.ToString());
        Assert.Equal((10L, 70L), (found.Verified, found.Unverified));
    }

    [Fact]
    public async Task End_CutEvent_ItsIntervalIsNotCheckedAndNotBlamed()
    {
        StreamFindings found = await VerifyAsync(All(), Checkpoints(9, 49, 89), cut: 30);

        Assert.Equal((1L, 50L, 40L, 0), (found.Cut, found.Verified, found.Unverified, found.AlteredIntervals));
    }

    [Fact]
    public async Task End_BrokenCheckpoints_AreNotBelieved()
    {
        StreamCheckpoint[] checkpoints = Checkpoints(9, 49, 89);
        StreamCheckpoint[] broken = [checkpoints[0], new(ulong.MaxValue, 3, new byte[32]), new(20, 21, new byte[5]), checkpoints[1], checkpoints[1], checkpoints[2]];

        StreamFindings found = await VerifyAsync(All(), broken);

        Assert.Equal((90L, 0ul, 0), (found.Verified, found.MissingCount, found.AlteredIntervals));
    }

    [Fact]
    public async Task End_BeginningExpired_IsNotMissingAndTheRestIsChecked()
    {
        ExpiredRanges expired = new([(new SequenceRange(0, 9), 10), (new SequenceRange(10, 24), 15), (new SequenceRange(50, 59), 10), (new SequenceRange(50, 59), -10)]);

        StreamFindings found = await VerifyAsync(All()[25..], Checkpoints(9, 49, 89), expired: expired);

        Assert.Equal((25ul, 0ul, 40L, 25L), (found.Expired, found.MissingCount, found.Verified, found.Unverified));
    }

    [Fact]
    public async Task End_MoreIsGoneThanExpired_TheRestIsMissing()
    {
        ExpiredRanges expired = new([(new SequenceRange(0, 19), 18)]);

        StreamFindings found = await VerifyAsync(All()[22..], Checkpoints(9, 49, 89), expired: expired);

        Assert.Equal("20..21", Assert.Single(found.Missing).ToString());
        Assert.Equal((18ul, 4ul), (found.Expired, found.MissingCount)); // two of the twenty were not there to be dropped
    }

    private List<(ulong Sequence, byte[] Bytes)> All() => [.. _events.Select((bytes, i) => ((ulong)i, bytes))];

    private StreamCheckpoint[] Checkpoints(params int[] lasts)
    {
        List<StreamCheckpoint> checkpoints = [];
        byte[] digest = new byte[32];
        for (int i = 0; i < _events.Count; i++)
        {
            digest = SHA256.HashData([.. digest, .. _events[i]]);
            if (lasts.Contains(i))
            {
                checkpoints.Add(new StreamCheckpoint((ulong)i, (ulong)i + 1, digest));
            }
        }

        return [.. checkpoints];
    }

    private static async Task<StreamFindings> VerifyAsync(List<(ulong Sequence, byte[] Bytes)> stored, StreamCheckpoint[] checkpoints, int cut = -1, ExpiredRanges? expired = null)
    {
        StreamVerifier verifier = new(checkpoints.ToAsyncEnumerable().GetAsyncEnumerator(TestContext.Current.CancellationToken), expired ?? ExpiredRanges.None);
        foreach ((ulong sequence, byte[] bytes) in stored)
        {
            bytes.CopyTo(verifier.Room(bytes.Length));
            await verifier.AddAsync(sequence, bytes.Length, isCut: (int)sequence == cut);
        }

        await verifier.EndAsync();
        return verifier.Findings;
    }
}
