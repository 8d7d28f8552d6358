// Pictures of the web pages: node screenshots.mjs ADDRESS FOLDER
import path from 'node:path';
import { open } from './browser.mjs';

const [address, folder] = process.argv.slice(2);
const { browser, page } = await open({ viewport: { width: 1280, height: 640 }, colorScheme: 'light' });
try {
  const show = async (name, hash, row) => {
    await page.goto(`${address}#back=3600000${hash}`);
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    if (row) {
      await page.locator('tbody tr', { hasText: row }).first().click();
      await page.locator('.detail').waitFor();
    }
    await page.evaluate(() => (document.querySelector('footer').hidden = true)); // names the store of the moment
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
  };
  await show('events', '', undefined);
  await page.evaluate(() => localStorage.setItem('ecapture.theme', 'dark'));
  await show('http', '&show=http', '/v1/checkout');
  await page.evaluate(() => localStorage.setItem('ecapture.theme', 'light'));
  await show('connections', '&show=connections', 'curl');
  await show('sql', '&show=statements', undefined);
} finally {
  await browser.close();
}
