using System.Security.Cryptography;
using ECapture.Sealing;
using ECapture.Sealing.Keys;

namespace ECapture.Tests.Unit.Sealing;

public sealed class KeyDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-keys-");

    private string Folder => Path.Combine(_root.FullName, "keys");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void SealTo_NewKey_TakesThePlaceOfOwnKeysAndLeavesOthers()
    {
        using KeyDirectory directory = new(Folder);
        using RecipientKeyPair first = Keep(directory);
        using RecipientKeyPair elsewhere = RecipientKeyPair.Create();
        using (RecipientKey escrow = elsewhere.PublicKey())
        {
            File.AppendAllText(directory.RecipientsFile, escrow.ExportPem());
        }

        using RecipientKeyPair second = Keep(directory);

        Assert.Equal([second.Id, elsewhere.Id], Recipients(directory));
        Assert.Equal([(first.Id, false), (second.Id, true)], directory.List().Select(k => (k.Id, k.IsRecipient)).OrderBy(k => k.IsRecipient));
    }

    [Fact]
    public void Files_Written_OnlyTheOwnerReadsPrivateKeys()
    {
        List<string> handedOver = [];
        using KeyDirectory directory = new(Folder, handedOver.Add);
        using RecipientKeyPair key = Keep(directory);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Folder, key.Id + ".key")));
        Assert.True(File.GetUnixFileMode(directory.RecipientsFile).HasFlag(UnixFileMode.OtherRead));
        Assert.Single(handedOver);
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(directory.RecipientsFile), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_KeyThatCameLater_IsFound()
    {
        using KeyDirectory reader = new(Folder);
        using RecipientKeyPair key = RecipientKeyPair.Create();
        Assert.Null(reader.Find(key.Id));
        using KeyDirectory writer = new(Folder);
        writer.Add(key);

        Assert.Equal(key.Id, reader.Find(key.Id)?.Id);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789")]
    public void Find_WhatIsNoId_TouchesNoFile(string id)
    {
        using KeyDirectory directory = new(Folder);

        Assert.Null(directory.Find(id));
    }

    [Fact]
    public void Find_FileThatHoldsAnotherKey_SaysSo()
    {
        using KeyDirectory directory = new(Folder);
        using RecipientKeyPair key = Keep(directory);
        string renamed = "0123456789abcdef";
        File.Move(Path.Combine(Folder, key.Id + ".key"), Path.Combine(Folder, renamed + ".key"));

        SealingException refused = Assert.Throws<SealingException>(() => directory.Find(renamed));

        Assert.Contains(key.Id, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Remove_KeyThatSeals_Refuses()
    {
        using KeyDirectory directory = new(Folder);
        using RecipientKeyPair first = Keep(directory);
        Assert.Throws<SealingException>(() => directory.Remove(first.Id));
        using RecipientKeyPair second = Keep(directory);

        directory.Remove(first.Id);

        Assert.Equal([second.Id], directory.List().Select(k => k.Id));
    }

    [Fact]
    public void Backup_WithItsPassphrase_BringsTheKeyBack()
    {
        using RecipientKeyPair key = RecipientKeyPair.Create();
        string file = Path.Combine(_root.FullName, "backup.pem");
        File.WriteAllText(file, key.ExportEncryptedPem("correct horse battery"));

        using RecipientKeyPair back = Assert.Single(PrivateKeyFile.Read(file, "correct horse battery"));

        Assert.Equal(key.Id, back.Id);
        Assert.True(PrivateKeyFile.IsEncrypted(file));
        Assert.Contains("does not open", Assert.Throws<SealingException>(() => PrivateKeyFile.Read(file, "another")).Message, StringComparison.Ordinal);
        Assert.Contains("restore", Assert.Throws<SealingException>(() => PrivateKeyFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "holds 0 public keys")]
    [InlineData("no key at all", "holds 0 public keys")]
    [InlineData("P384", "cannot be used")]
    [InlineData("PRIVATE", "only public keys belong into it")]
    [InlineData("BROKEN", "cannot be used")]
    public void Read_FileThatIsNoListOfPublicKeys_SaysWhichAndWhy(string kind, string expected)
    {
        string file = Path.Combine(_root.FullName, "recipients.pem");
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using RecipientKeyPair key = RecipientKeyPair.Create();
        File.WriteAllText(file, kind switch
        {
            "P384" => other.ExportSubjectPublicKeyInfoPem(),
            "PRIVATE" => key.ExportPem(),
            "BROKEN" => "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            _ => kind,
        });

        SealingException refused = Assert.Throws<SealingException>(() => RecipientFile.Read(file));

        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private static RecipientKeyPair Keep(KeyDirectory directory)
    {
        RecipientKeyPair key = RecipientKeyPair.Create();
        Assert.True(directory.Add(key));
        Assert.False(directory.Add(key));
        directory.SealTo(key);
        return key;
    }

    private static string[] Recipients(KeyDirectory directory)
    {
        IReadOnlyList<RecipientKey> keys = RecipientFile.Read(directory.RecipientsFile);
        string[] ids = [.. keys.Select(k => k.Id)];
        foreach (RecipientKey key in keys)
        {
            key.Dispose();
        }

        return ids;
    }
}
