// A request of a moment ago, found and taken home: node journey.mjs ADDRESS FOLDER MARKER
// Says "searching" when it waits for the marker, "ok" at the end; the session is FOLDER/session.pcapng then.
import assert from 'node:assert/strict';
import path from 'node:path';
import { open } from './browser.mjs';

const [address, folder, marker] = process.argv.slice(2);
const { browser, page, said } = await open();
try {
  await page.goto(`${address}#back=900000&show=http&filter=${encodeURIComponent(`http.path ~ "${marker}"`)}`);
  await page.locator('th', { hasText: 'Request' }).waitFor();
  await page.waitForFunction(() => !document.querySelector('.note').textContent.startsWith('loading'));
  await page.locator('body').press('l');
  console.log('searching');
  const row = page.locator('tbody tr', { hasText: marker }).filter({ hasText: 'curl' });
  await row.first().waitFor();
  assert.match(await row.first().textContent(), /GET.*200/);
  await page.locator('body').press('l');
  await row.first().click();
  const detail = page.locator('.detail');
  assert.match(await detail.locator('.payload').textContent(), new RegExp(`^GET /${marker}`));
  await detail.getByRole('tab', { name: 'Response' }).click();
  assert.match(await detail.locator('.payload').textContent(), /^200[^]*found a moment ago/);
  await detail.getByLabel('Reason').fill('journey');
  // Packets come on a way of their own: asked again until the session has both.
  for (;;) {
    const download = page.waitForEvent('download', { timeout: 5_000 }).catch(() => null);
    await detail.getByRole('button', { name: 'pcapng with secrets' }).click();
    await page.waitForFunction(() => !['', 'building…'].includes(document.querySelector('.answer').textContent));
    const answer = await detail.locator('.answer').textContent();
    const file = await download;
    if (file && /^1 sessions, [1-9]/.test(answer)) {
      await file.saveAs(path.join(folder, 'session.pcapng'));
      break;
    }
  }
  assert.deepEqual(said, []);
  console.log('ok');
} finally {
  await browser.close();
}
