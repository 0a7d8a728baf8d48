/* Sends what was picked or dropped to the library: files as images, folders as folders with their files. */

import { ApiError } from '../api.js';
import { mediaApi } from './media_api.js';
import { uploads } from './uploads.js';

/** @param {import('./dropped_files.js').Dropped} dropped */
export async function uploadDropped({ files, folders }) {
  uploads.add(files.map((file) => ({ file, folder: null })));
  for (const { name, files: inside } of folders) {
    try {
      await mediaApi.makeFolder(name);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'name-taken') throw error; // files are added to one that is there
    }
    uploads.add(inside.map((file) => ({ file, folder: name })));
  }
}
