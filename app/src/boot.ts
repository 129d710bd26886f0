// What runs first. The frame of the page is in the HTML already, and is painted before anything else is done. The rest is loaded
// meanwhile and run in steps, between which the browser answers its reader: on a phone, running it at once would take a second
// in which nothing else happens.
import { pageOf } from './app/heads';
import './ui/styles.css';

document.querySelector(`nav a[href="#/${pageOf(window.location.hash)}"]`)?.setAttribute('aria-current', 'page');

/** A browser does not paint pages that nobody looks at: those go on all the same. */
const painted = () =>
  new Promise<void>((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 300);
  });
const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

const config = fetch(new URL('config.json', document.baseURI), { cache: 'no-cache' });
// Its failure is told by `start`, in words.
config.catch(() => undefined);
await painted();
await import('react-dom/client');
await pause();
await import('./chain/wagmi');
await pause();
const { start } = await import('./main');
await pause();
await start(config);

export {};
